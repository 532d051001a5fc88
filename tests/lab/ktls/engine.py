#!/usr/bin/env python3
"""The real engine over the lab's kernel TLS: with its system call filter on, a stream goes through the kernel, and the
control API and the metrics say so; with `--ktls off` it does not. Method: tests/support/stack.py, the kernel's counters."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cases import case, run_cases  # noqa: E402
from stack import BUILD, Failure, Stack, pictures, wait_until  # noqa: E402


def expect(condition, text):
    if not condition:
        raise Failure(text)


def kernel_counter(name):
    for line in pathlib.Path("/proc/net/tls_stat").read_text().splitlines():
        key, value = line.split()
        if key == name:
            return int(value)
    raise Failure(f"/proc/net/tls_stat has no {name}")


def metric(stack, name):
    for line in stack.call("GET", "/metrics").splitlines():
        if line.startswith(name + " "):
            return int(float(line.split()[-1]))
    raise Failure(f"the engine's metrics have no {name}")


def records(stack, name):
    return next(row for row in stack.call("GET", "/v1/health")["tls_records"] if row["name"] == name)


def stream(stack):
    """A phone that draws, watched for some pictures."""
    stack.phone()
    stack.run([str(BUILD / "bin/rackphone-test-app"), "scroll"])
    wait_until("the app's first picture", lambda: stack.status()["has_content"])
    seen = stack.view(*pictures(5), "--size", "360x640")
    expect(seen["frames"] >= 5, f"only {seen['frames']} frames")


@case("a stream's records are the kernel's, with the filter on")
def by_the_kernel():
    before = kernel_counter("TlsTxSw")
    with Stack() as stack:
        expect(records(stack, "kernel")["used"], f"not used: {records(stack, 'kernel')}")
        expect("AES-128-GCM" in records(stack, "kernel")["found"], records(stack, "kernel"))
        probes = kernel_counter("TlsTxSw")
        expect(probes > before, "the engine looked for the kernel's TLS")
        stream(stack)
        expect(kernel_counter("TlsTxSw") == probes + 1, "one stream is the kernel's, and no page or API call")
        expect(metric(stack, 'rackphone_tls_streams_total{records="kernel"}') == 1, "counted as the kernel's")
        expect(metric(stack, "rackphone_tls_refused_total") == 0, "nothing was refused")


@case("with --ktls off OpenSSL makes them")
def left_to_openssl():
    before = kernel_counter("TlsTxSw")
    with Stack(extra_args=["--ktls", "off"]) as stack:
        expect(not records(stack, "kernel")["available"], records(stack, "kernel"))
        expect(records(stack, "process")["used"], records(stack, "process"))
        stream(stack)
        expect(metric(stack, 'rackphone_tls_streams_total{records="process"}') == 1, "counted as OpenSSL's")
    expect(kernel_counter("TlsTxSw") == before, "the kernel was not asked")


if __name__ == "__main__":
    run_cases()
