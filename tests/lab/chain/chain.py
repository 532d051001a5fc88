#!/usr/bin/env python3
"""A frame's whole way with devices alone: an app draws into dma-bufs, Vulkan composes, vicodec encodes from where the
picture lies, the kernel's TLS sends, and a viewer decodes what the app drew. Between commit and bitstream the CPU touches
no pixel. Method: the real engine with its filter on, its own counters, the kernel's, and pictures that carry their number."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from stack import BUILD, Failure, Stack  # noqa: E402
from stack import wait_until as wait_until_within  # noqa: E402

FWHT, H264 = "129", "1"
WIDTH, HEIGHT = 640, 480
FRAMES = 40
BUFFERS = 3  # of the app, at most (tests/support/app/window.cc)
# Of the smooth picture in tests/support/app/numbered.cc through vicodec at a rate that does not bind.
LEAST_PSNR_DB, MOST_CHROMA_ERROR = 35, 3
# What the CPU has to touch between commit and bitstream; pointers' images are no part of it.
PLACES = ["compose", "picture", "tiles", "keep", "upload", "copy_back", "encoder_copy", "encode"]


def wait_until(what, condition):
    """The lab is slow, and more so on a busy machine."""
    return wait_until_within(what, condition, seconds=60)


def expect(condition, text):
    if not condition:
        raise Failure(str(text)[:2000])


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


def guest_shm(seen):
    """Buffers of shared memory that became dma-bufs, and that could not."""
    return tuple(sum(int(value) for name, value in seen.items() if name.startswith(f"rackphone_guest_shm_{what}_total"))
                 for what in ("imports", "refusals"))


def composed_by(seen, composer):
    return sum(value for name, value in seen.items()
               if name.startswith("rackphone_composed_total{") and f'composer="{composer}"' in name)


def used(stack, table):
    return [row["name"] for row in stack.call("GET", "/v1/health")[table] if row["used"]]


def chain_stack(composer="vulkan"):
    if composer == "vulkan" and not os.environ.get("VK_DRIVER_FILES"):
        raise Skip("no Mesa that shares memory (tools/lab/mesa)")
    return Stack(extra_args=["--composer", composer, "--test-codec", "--shards", "1"])


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


def errors(seen):
    return sum(value for name, value in seen.items() if name.startswith("rackphone_encode_errors_total"))


@contextlib.contextmanager
def faults(every):
    """Engines started in it have a video device that errs (faulty_device.cc)."""
    os.environ.update(LD_PRELOAD=str(BUILD / "lib/librp_faulty_device.so"), RP_FAULT_EVERY=str(every))
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"], os.environ["RP_FAULT_EVERY"]


@contextlib.contextmanager
def unbound(device):
    """The device has no driver in it."""
    driver = pathlib.Path("/sys/bus/platform/drivers") / device.split(".")[0]
    (driver / "unbind").write_text(device)
    try:
        yield
    finally:
        (driver / "bind").write_text(device)


def say(what, touched, stack):
    pixels = WIDTH * HEIGHT * stack.delivered()
    print(f"{what}: {sum(touched.values()) / pixels:.1f} bytes a pixel and picture", flush=True)


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
        batched, batches = (after[f'rackphone_compose_{what}_total{{shard="0"}}'] for what in ("batched", "batches"))
        expect(batched >= FRAMES and 0 < batches <= batched, f"{batched} pictures in {batches} submissions")
        expect(kernel_counter("TlsTxSw") == probes + 1 > before, "the stream's records are the kernel's")
        print(json.dumps({"zero_copy_cpu_bytes": sum(touched.values()), "frames": seen["frames"],
                          "worst_psnr_db": seen["codecs"][FWHT]["worst_psnr_db"]}), flush=True)


@case("a viewer that takes tiles makes no difference to that")
def tiles_are_left_alone():
    with chain_stack() as stack:
        app(stack)
        seen = watch(stack, "--tiles", "1")
        expect_equal_pictures(seen, FWHT)
        expect(seen["tiles"] == 0, seen)
        expect(not any(cpu_bytes(metrics(stack)).values()), cpu_bytes(metrics(stack)))


@case("shared memory that cannot shrink is read where it lies, from a buffer's second time on")
def shared_memory():
    with chain_stack() as stack:
        expect(used(stack, "shared_memory") == ["udmabuf"], stack.call("GET", "/v1/health"))
        app(stack, "--shared")
        seen = watch(stack)
        expect_equal_pictures(seen, FWHT)
        after = metrics(stack)
        touched = cpu_bytes(after)
        imports, refusals = guest_shm(after)
        expect(0 < imports <= BUFFERS and refusals == 0, f"{imports} imports, {refusals} refusals")
        # Each buffer's first time, and what waited for its turn.
        expect(touched["upload"] <= 2 * BUFFERS * WIDTH * HEIGHT * 4, touched)
        expect(sum(touched.values()) == touched["upload"], touched)
        expect(after["rackphone_cpu_pixel_mappings_total"] == 0, "nothing was mapped")
        expect_equal_pictures(watch(stack), FWHT)
        expect(cpu_bytes(metrics(stack)) == touched, f"{touched}, then {cpu_bytes(metrics(stack))}")
        say("sealed shared memory, a GPU, a video device", touched, stack)


@case("what the CPU does touch is counted")
def counted():
    pixels = WIDTH * HEIGHT
    with chain_stack() as stack:
        app(stack, "--unsealed")
        seen = watch(stack)
        expect_equal_pictures(seen, FWHT)
        touched = cpu_bytes(metrics(stack))
        imports, refusals = guest_shm(metrics(stack))
        expect(imports == 0 < refusals <= BUFFERS, f"{imports} imports, {refusals} refusals")
        expect(touched["upload"] >= FRAMES * pixels * 4, touched)
        say("shared memory, a GPU, a video device", touched, stack)
        expect(sum(touched.values()) == touched["upload"], touched)
    with chain_stack(composer="cpu") as stack:
        app(stack)
        seen = watch(stack)
        expect_equal_pictures(seen, FWHT)
        after = metrics(stack)
        touched = cpu_bytes(after)
        expect(touched["compose"] >= FRAMES * pixels * 4 and touched["picture"] >= FRAMES * pixels * 3 // 2, touched)
        expect(touched["encoder_copy"] == 0 and touched["encode"] == 0, touched)
        say("dma-bufs, the CPU's composer, a video device", touched, stack)
        expect(after["rackphone_cpu_pixel_mappings_total"] >= 2, "the app's buffers and the pictures were mapped")


@case("an encoder that errs now and then costs those pictures, and the stream goes on")
def encoder_errs():
    with contextlib.ExitStack() as stacks:
        with faults(every=12):
            stack = stacks.enter_context(chain_stack())
        app(stack)
        seen = watch(stack)
        expect_equal_pictures(seen, FWHT)
        expect(not seen["complaints"], seen["complaints"])
        after = metrics(stack)
        lost = errors(after)
        expect(lost >= FRAMES // 12, f"{lost} errors were counted")
        expect(seen["key_frames"] > FRAMES // 12, f"{seen['key_frames']} key frames after {lost} errors")
        expect("session.encode_failed" in stack.log(), stack.log())
        expect(not any(cpu_bytes(after).values()), cpu_bytes(after))


@case("a video device that vanishes is followed by the CPU, and used again when it is back")
def encoder_vanishes():
    with chain_stack() as stack:
        app(stack)
        running = viewer(stack, "--frames", str(FRAMES), "--codec", H264)
        wait_until("some of the device's pictures", lambda: stack.delivered() > 20)
        expect(stack.status()["encoder"] == "v4l2", stack.status())
        with unbound("vicodec.0"):
            seen = finish(stack, running)
            expect(seen["codecs"][FWHT]["pictures"] >= 10, seen)
            expect_equal_pictures({"codecs": {H264: {**seen["codecs"][H264]}}}, H264)
            after = metrics(stack)
            expect(errors(after) > 0, "the device's end was counted")
            expect("v4l2.given_up" in stack.log(), stack.log())
            touched = cpu_bytes(after)
            expect(touched["copy_back"] > 0 and touched["encode"] > 0, touched)
        wait_until("the device", pathlib.Path("/dev/video0").exists)
        wait_until("the phone to give its encoder back", lambda: not stack.status()["encoder"])
        expect_equal_pictures(watch(stack, "--codec", FWHT), FWHT)


@case("fences that never signal hold up neither a GPU's composer nor the CPU's")
def fences_never_signal():
    for composer in ("vulkan", "cpu"):
        with chain_stack(composer=composer) as stack:
            app(stack, "--stuck-from", "20", "--stuck-to", "24")
            seen = watch(stack, "--frames", "60")
            expect_equal_pictures(seen, FWHT)
            expect(max(seen["codecs"][FWHT]["numbers"]) > 40, seen)
            after = metrics(stack)
            expect(after["rackphone_guest_fences_given_up_total"] > 0, "given up, and counted")
            expect("frame.fence_given_up" in stack.log(), stack.log())


if __name__ == "__main__":
    run_cases()
