#!/usr/bin/env python3
"""The engine as a process, from an app's commit to a viewer and back: what must hold in every build, the
sanitizers' included. Nothing is timed here."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from stack import BUILD, SANITIZED, Failure, Stack, end, pictures, wait_until  # noqa: E402

SIZE = ["--size", "360x640"]


def app(stack, mode, phone="test"):
    before = stack.status(phone)["clients"]
    process = stack.run([str(BUILD / "bin/rackphone-test-app"), mode], phone=phone)
    wait_until("the app's first picture", lambda: stack.status(phone)["clients"] > before
               and stack.status(phone)["has_content"])
    return process


def expect(condition, text):
    if not condition:
        raise Failure(text)


def metric(stack, name):
    """Sum over all series of one metric."""
    total = 0.0
    for line in stack.call("GET", "/metrics").splitlines():
        if line.startswith(name) and line[len(name)] in "{ ":
            total += float(line.rsplit(" ", 1)[1])
    return total


@case("pictures flow, and every stage is measured")
def flow():
    with Stack() as stack:
        stack.phone()
        app(stack, "scroll")
        report = stack.view(*pictures(10), *SIZE)
        expect(report["frames"] >= 10, f"only {report['frames']} frames")
        expect(report["key_frames"] >= 1, "no key frame")
        expect(metric(stack, "rackphone_frames_total") >= report["frames"], "frames are not counted")
        text = stack.call("GET", "/metrics")
        for stage in ("capture", "compose", "encode", "send", "delivery"):
            expect(f'stage="{stage}"' in text, f"no histogram for {stage}")


@case("a GPU's composer draws a phone, and what is used is said")
def vulkan():
    if SANITIZED:
        raise Skip("the sanitizers do not see into Vulkan's drivers")
    with Stack() as stack:
        reason = next(c["reason"] for c in stack.call("GET", "/v1/health")["composers"] if c["name"] == "vulkan")
    if "is the CPU" not in reason and reason != "":
        raise Skip(f"no Vulkan device: {reason}")
    with Stack(extra_args=["--composer", "vulkan"]) as stack:
        used = [c["name"] for c in stack.call("GET", "/v1/health")["composers"] if c["used"]]
        expect(used == ["vulkan"], f"composers in use: {used}")
        stack.phone()
        app(stack, "scroll")
        report = stack.view(*pictures(3), *SIZE)
        expect(report["frames"] >= 3, f"only {report['frames']} frames")
        text = stack.call("GET", "/metrics").splitlines()
        drawn = {by: sum(float(line.rsplit(" ", 1)[1]) for line in text
                         if line.startswith("rackphone_composed_total{") and f'composer="{by}"' in line)
                 for by in ("device", "cpu")}
        expect(drawn["device"] > 0, f"pictures composed: {drawn}")


@case("a tap is answered by a frame that names it")
def tap():
    with Stack() as stack:
        stack.phone()
        app(stack, "button")
        report = stack.view("--seconds", "4", *SIZE, "--tap", "0.5,0.5", "--taps", "5")
        expect(report["inputs_answered"] == 5, f"{report['inputs_answered']} of 5 taps were answered")


@case("a still phone sends nothing more")
def still():
    with Stack() as stack:
        stack.phone()
        app(stack, "still")
        viewer = subprocess.Popen(stack.viewer_command("--seconds", "6", *SIZE), stdout=subprocess.DEVNULL)
        wait_until("the first frame", lambda: stack.status()["frames"] >= 1)
        settled = []

        def unchanged():
            # Resizing, the app's answer to it and refinement come first; then the count must stand.
            settled.append(stack.status()["frames"])
            return len(settled) > 150 and len(set(settled[-150:])) == 1
        wait_until("the frames to end", unchanged)
        end(viewer)


@case("a phone outlives its viewers")
def reconnect():
    with Stack() as stack:
        stack.phone()
        process = app(stack, "button")
        for _ in range(5):
            report = stack.view(*pictures(1), *SIZE)
            expect(report["frames"] >= 1, "a returning viewer got no picture")
        expect(process.poll() is None, "the app ended with its viewer")
        expect(stack.status()["viewers"] == 0, "a viewer was left behind")


@case("a second viewer takes over")
def take_over():
    with Stack() as stack:
        stack.phone()
        app(stack, "still")
        first = subprocess.Popen(stack.viewer_command("--seconds", "20", *SIZE), stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True)
        wait_until("the first viewer", lambda: stack.status()["viewers"] == 1)
        expect(stack.view(*pictures(1), *SIZE)["frames"] >= 1, "the second viewer got no picture")
        _, error = first.communicate(timeout=10)
        expect("took over" in error, f"the first viewer was told: {error}")


@case("wrong tickets open nothing")
def tickets():
    with Stack() as stack:
        stack.phone()
        good = stack.ticket()
        used = stack.view("--seconds", "0.2", *SIZE)
        expect(used["seconds"] > 0, "a good ticket was refused")
        for name, ticket in (("garbage", "nonsense"), ("cut", good[:-4]), ("other signature", good[:-6] + "AAAAAA")):
            command = stack.viewer_command("--seconds", "1")
            command[command.index("--ticket") + 1] = ticket
            done = subprocess.run(command, capture_output=True, text=True, timeout=20)
            expect(done.returncode != 0, f"a ticket that is {name} was taken")
        done = subprocess.run(stack.viewer_command("--seconds", "1", phone="nobody"), capture_output=True, text=True,
                              timeout=20)
        expect("not here" in done.stderr, f"a ticket for an unknown phone was told: {done.stderr}")


def survives(mode):
    with Stack() as stack:
        stack.phone("victim")
        stack.phone("other")
        app(stack, "scroll", phone="other")
        watching = subprocess.Popen(stack.viewer_command("--seconds", "60", *SIZE, phone="victim"),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        hostile = stack.run([str(BUILD / "bin/rackphone-hostile-app"), mode], phone="victim", log_name=mode)
        code = hostile.wait(timeout=40)
        expect(stack.engine.poll() is None, f"the engine ended:\n{stack.log()}")
        expect(code == 0, f"the hostile app was not ended (exit {code})\n{stack.log()}")
        wait_until("the misdeed to be counted", lambda: metric(stack, "rackphone_guest_errors_total") >= 1)
        end(watching)
        expect(stack.view(*pictures(3), *SIZE, phone="other")["frames"] >= 3, "the other phone suffered")
        app(stack, "still", phone="victim")  # the display itself goes on


@case("a buffer that shrinks ends its app only")
def shrink():
    survives("shrink")


@case("100,000 surfaces end their app only")
def surfaces():
    survives("surfaces")


@case("endless frame callbacks end their app only")
def callbacks():
    survives("callbacks")


@case("a protocol error ends its app only")
def protocol_error():
    survives("error")


@case("a huge region ends its app only")
def regions():
    survives("regions")


@case("a flood of commits starves nobody")
def commits():
    with Stack(extra_args=["--shards", "1"]) as stack:
        stack.phone("victim")
        stack.phone("other")
        app(stack, "scroll", phone="other")
        flood = stack.run([str(BUILD / "bin/rackphone-hostile-app"), "commits"], phone="victim")
        wait_until("the flood", lambda: metric(stack, "rackphone_guest_commits_total") > 20_000 or flood.poll() is not None)
        report = stack.view("--seconds", "3", *SIZE, phone="other")
        expect(report["frames"] >= 10, f"the other phone got {report['frames']} frames in 3 s under the flood")
        expect(stack.engine.poll() is None, "the engine ended")


@case("a phone that is removed and made again works")
def remove():
    with Stack() as stack:
        for _ in range(3):
            stack.phone()
            app(stack, "still")
            expect(stack.view(*pictures(1), *SIZE)["frames"] >= 1, "no picture")
            stack.call("DELETE", "/v1/phones/test")
            expect(not (stack.path / "phones/test").exists(), "the socket's directory was left behind")


@case("a full server turns new viewers away, says why, and takes them when there is room again")
def full():
    # A limit so low that a few phones that draw are beyond it.
    with Stack(extra_args=["--shards", "1", "--max-encode-wait-ms", "1"]) as stack:
        names = [f"p{i}" for i in range(5)]
        for name in names:
            stack.phone(name)
            app(stack, "scroll", name)
        viewers = [subprocess.Popen(stack.viewer_command("--seconds", "120", "--size", "720x1280", phone=name),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for name in names[:4]]
        wait_until("the server is full", lambda: metric(stack, "rackphone_full") == 1, 60)
        refused = subprocess.run(stack.viewer_command("--seconds", "5", *SIZE, phone=names[4]), capture_output=True,
                                 text=True, timeout=60)
        expect(refused.returncode != 0 and "4430 the server is full" in refused.stderr, f"it said: {refused.stderr}")
        expect(metric(stack, "rackphone_viewers_refused_total") >= 1, "the refusal is not counted")
        report = stack.view("--seconds", "1", "--size", "720x1280", phone=names[0])  # takes over: no more load
        expect(report["frames"] > 0, "a viewer that takes over was not served")
        for viewer in viewers:
            end(viewer)
        wait_until("there is room again", lambda: metric(stack, "rackphone_full") == 0, 60)
        expect(stack.view(*pictures(1), *SIZE, phone=names[4])["frames"] > 0, "no frame once there was room")


@case("the engine ends in order, with a viewer attached")
def ends():
    with Stack() as stack:
        stack.phone()
        app(stack, "scroll")
        viewer = subprocess.Popen(stack.viewer_command("--seconds", "60", *SIZE), stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
        wait_until("frames", lambda: stack.status()["frames"] > 5)
        stack.engine.terminate()
        expect(stack.engine.wait(timeout=20) == 0, f"exit {stack.engine.returncode}\n{stack.log()}")
        _, error = viewer.communicate(timeout=20)
        expect("stopping" in error, f"the viewer was told: {error}")
        expect(not stack.control.exists(), "the control socket was left behind")


if __name__ == "__main__":
    run_cases()
