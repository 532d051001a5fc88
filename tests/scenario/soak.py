#!/usr/bin/env python3
"""Phones and viewers come and go for a while: afterwards the engine holds no more memory, descriptors or threads than
after the first round. Method: rounds of phones that draw or rest, viewers that leave in order or are killed, phones
removed with viewer and app still there; the first rounds warm up the heaps."""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import case, run_cases  # noqa: E402
from stack import BUILD, Failure, Stack, end, wait_until  # noqa: E402

SECONDS = float(os.environ.get("RP_SOAK_SECONDS", "20"))
PHONES = 4
# Heaps settle within this; a leak of one session's buffers a round would pass it many times over.
ROOM_KIB = 12 * 1024


def engine_kib(stack):
    """Memory but for the codecs that are kept open on purpose."""
    text = stack.call("GET", "/metrics")
    codecs = sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                 if line.startswith("rackphone_encoder_bytes"))
    for line in pathlib.Path(f"/proc/{stack.engine.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) - int(codecs / 1024)
    raise Failure("the engine has no RssAnon")


def descriptors(stack):
    return len(os.listdir(f"/proc/{stack.engine.pid}/fd"))


def threads(stack):
    return len(os.listdir(f"/proc/{stack.engine.pid}/task"))


def one_round(stack, number):
    names = [f"r{number}-{i}" for i in range(PHONES)]
    apps, viewers = [], []
    for i, name in enumerate(names):
        stack.phone(name)
        apps.append(stack.run([str(BUILD / "bin/rackphone-test-app"), "scroll" if i % 2 == 0 else "still"],
                              phone=name))
        size = "360x640" if i < 2 else "720x1280"
        viewers.append(subprocess.Popen(stack.viewer_command("--seconds", "30", "--size", size, phone=name),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    wait_until("every viewer's first frames",
               lambda: all(p["frames"] >= 1 for p in stack.call("GET", "/v1/phones")["phones"]))
    viewers[0].kill()  # its network is gone
    end(apps[1])       # its app ends
    for name in names:
        stack.call("DELETE", f"/v1/phones/{name}")
    for process in viewers + apps:
        end(process)


@case("memory, descriptors and threads are flat while phones come and go")
def soak():
    with Stack() as stack:
        began, number = time.monotonic(), 0
        while time.monotonic() - began < SECONDS / 3:
            one_round(stack, number)
            number += 1
        # The last streams' ends reach the engine a moment after the viewers'.
        base_descriptors = settled(stack)
        base_kib, base_threads, warm = engine_kib(stack), threads(stack), number
        while time.monotonic() - began < SECONDS:
            one_round(stack, number)
            number += 1
        if number < warm + 2:
            raise Failure(f"only {number - warm} rounds after warming up: too few to judge")
        wait_until(f"{base_descriptors} descriptors, as after {warm} rounds; there are {descriptors(stack)}",
                   lambda: descriptors(stack) <= base_descriptors)
        if threads(stack) != base_threads:
            raise Failure(f"{threads(stack)} threads, {base_threads} before")
        settled(stack)
        grown = engine_kib(stack) - base_kib
        if grown > ROOM_KIB:
            raise Failure(f"the engine grew by {grown} KiB in {number - warm} rounds")
        print(f"{number} rounds, {grown:+d} KiB, {base_descriptors} descriptors, {base_threads} threads")


def settled(stack):
    """Descriptors, once they have been the same for half a second."""
    last, since = descriptors(stack), time.monotonic()
    deadline = since + 20
    while time.monotonic() - since < 0.5:
        if time.monotonic() > deadline:
            raise Failure("the engine's descriptors do not come to rest")
        now = descriptors(stack)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.02)
    return last


if __name__ == "__main__":
    run_cases()
