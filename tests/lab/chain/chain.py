#!/usr/bin/env python3
"""A frame's whole way with devices alone: an app draws into dma-bufs, Vulkan composes, vicodec encodes from where the
picture lies, the kernel's TLS sends, and a viewer decodes what the app drew. Between commit and bitstream the CPU touches
no pixel. Method: the real engine with its filter on, its own counters, the kernel's, and pictures that carry their number."""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from stack import BUILD, Failure, Stack, wait_until  # noqa: E402

FWHT, H264 = "129", "1"
WIDTH, HEIGHT = 640, 480
FRAMES = 40
# Of the smooth picture in tests/support/app/numbered.cc through vicodec at a rate that does not bind.
LEAST_PSNR_DB, MOST_CHROMA_ERROR = 35, 3
# What the CPU has to touch between commit and bitstream; pointers' images are no part of it.
PLACES = ["compose", "picture", "tiles", "keep", "upload", "copy_back", "encoder_copy", "encode"]


def expect(condition, text):
    if not condition:
        raise Failure(str(text))


def kernel_counter(name):
    for line in pathlib.Path("/proc/net/tls_stat").read_text().splitlines():
        key, value = line.split()
        if key == name:
            return int(value)
    raise Failure(f"/proc/net/tls_stat has no {name}")


def metrics(stack):
    lines = (line.rsplit(" ", 1) for line in stack.call("GET", "/metrics").splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def cpu_bytes(seen):
    return {place: int(seen[f'rackphone_cpu_pixel_bytes_total{{place="{place}"}}']) for place in PLACES}


def composed_by(seen, composer):
    return sum(value for name, value in seen.items()
               if name.startswith("rackphone_composed_total{") and f'composer="{composer}"' in name)


def used(stack, table):
    return [row["name"] for row in stack.call("GET", "/v1/health")[table] if row["used"]]


def chain_stack(*more):
    if not os.environ.get("VK_DRIVER_FILES"):
        raise Skip("no Mesa that shares memory (tools/lab/mesa)")
    return Stack(extra_args=["--composer", "vulkan", "--test-codec", "--shards", "1", "--log-level", "debug", *more])


def app(stack, *options):
    stack.phone(width=WIDTH, height=HEIGHT)
    stack.run([str(BUILD / "bin/rackphone-lab-app"), *options])
    wait_until("the app's first picture", lambda: stack.status()["has_content"])


def viewer(stack, *options):
    """Starts the judging viewer; finish() gives its JSON."""
    command = [str(BUILD / "bin/rackphone-lab-viewer"), "--address", f"{stack.address}:{stack.port}", "--ticket", stack.ticket(),
               "--size", f"{WIDTH}x{HEIGHT}", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(stack, process):
    out, err = process.communicate(timeout=120)
    if process.returncode != 0:
        raise Failure(f"viewer: {err.strip()}\n{stack.log()}")
    return json.loads(out)


def watch(stack, *options):
    return finish(stack, viewer(stack, "--frames", str(FRAMES), *options))


def expect_equal_pictures(seen, codec, least=FRAMES):
    verdict = seen["codecs"].get(codec)
    expect(verdict and verdict["pictures"] >= least, f"too few pictures: {seen}")
    expect(verdict["worst_psnr_db"] > LEAST_PSNR_DB, verdict)
    expect(verdict["worst_chroma_error"] < MOST_CHROMA_ERROR, verdict)
    numbers = verdict["numbers"]
    expect(numbers == sorted(numbers) and len(set(numbers)) > least // 2, f"not in the order they were drawn: {numbers}")


@case("no CPU touches a pixel between commit and bitstream")
def devices_alone():
    before = kernel_counter("TlsTxSw")
    with chain_stack() as stack:
        expect(used(stack, "composers") == ["vulkan"], stack.call("GET", "/v1/health"))
        expect(used(stack, "encoders") == ["v4l2"], stack.call("GET", "/v1/health"))
        expect("kernel" in used(stack, "tls_records"), stack.call("GET", "/v1/health"))
        probes = kernel_counter("TlsTxSw")
        app(stack)
        seen = watch(stack)
        expect_equal_pictures(seen, FWHT)
        expect(not seen["complaints"], seen["complaints"])
        after = metrics(stack)
        touched = cpu_bytes(after)
        expect(not any(touched.values()), touched)
        expect(after["rackphone_cpu_pixel_mappings_total"] == 0, "no picture and no guest's buffer was mapped")
        expect(composed_by(after, "device") >= FRAMES and composed_by(after, "cpu") == 0, after)
        expect(kernel_counter("TlsTxSw") == probes + 1 > before, "the stream's records are the kernel's")
        print(json.dumps({"zero_copy_cpu_bytes": sum(touched.values()), "frames": seen["frames"],
                          "worst_psnr_db": seen["codecs"][FWHT]["worst_psnr_db"]}), flush=True)
        report = os.environ.get("RP_LAB_SCRATCH")
        if report:
            figures = {"zero_copy_cpu_bytes": sum(touched.values()), "frames": seen["frames"]}
            (pathlib.Path(report) / "chain.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    run_cases()
