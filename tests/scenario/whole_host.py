#!/usr/bin/env python3
"""The whole product on this machine: `rackphone up`, its controller and engine, and phones in real containers.
What must hold when any of them is killed, when a person gives wrong input, and at the end. Nothing is timed here."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from host import Host, end_up  # noqa: E402
from stack import BUILD, Failure, end, free_port, pictures, wait_until  # noqa: E402
from traces import expect_all_traces, expect_no_traces, lines_of, processes, tag_of, traces  # noqa: E402

SIZE = ["--size", "360x640"]
RACKPHONE = str(BUILD / "bin/rackphone")


def expect(condition, text):
    if not condition:
        raise Failure(text)


def types(host, phone, line):
    """Into the shell of the phone's terminal, as a person at a viewer does."""
    host.view(phone, "--seconds", "3", *SIZE, "--type", line + "\n")


def in_phone(host, phone, path):
    return pathlib.Path(f"/proc/{host.init_pid(phone)}/root") / path.lstrip("/")


def frames(host, phone):
    return (host.engine(f"/v1/phones/{phone}") or {}).get("frames", 0)


@case("up prints one link; Ctrl-C leaves nothing")
def ctrl_c():
    with Host() as host:
        text = host.log_path.read_text()
        expect(text.count("https://") == 1, f"up printed: {text}")
        phone = host.phone("One")
        wait_until("the phone's picture", lambda: host.showing(phone))
        expect_all_traces(host)
        code = end_up(host.process)
        expect(code == 0, f"up ended with {code}:\n{host.log()}")
        expect("Everything has ended." in host.log_path.read_text(), f"up said: {host.log_path.read_text()}")
        expect_no_traces(host)
        host.up()  # the phone is still known, and comes back
        wait_until("the phone to run again", lambda: host.state_of(phone) == "running", 60)


@case("after kill -9 of up, down leaves nothing")
def killed_up():
    with Host() as host:
        phone = host.phone("One")
        wait_until("the phone's picture", lambda: host.showing(phone))
        expect_all_traces(host)
        host.process.kill()
        host.process.wait()
        host.cli("down")
        expect_no_traces(host)
        host.cli("down")  # again: nothing to do is no error
        expect_no_traces(host)


@case("after kill -9 of everything at once, up starts afresh over what is left")
def killed_all():
    with Host() as host:
        phone = host.phone("One")
        pids = [host.pid("controller"), host.pid("engine")]
        host.process.kill()
        host.process.wait()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # ended with its parent
        host.up()
        wait_until("the phone to run again", lambda: host.state_of(phone) == "running", 60)
        expect(host.view(phone, *pictures(1), *SIZE)["frames"] >= 1, "no picture came")
        end_up(host.process)
        expect_no_traces(host)


def ends_while_building(number):
    """`up` is ended in the middle of building its image, by this signal; what is left of it?"""
    with tempfile.TemporaryDirectory(prefix="rp-host-") as folder:
        place = Place(folder)
        listen = ["up", "--listen", f"127.0.0.1:{free_port()}", "--image", "tiny", "--web-root", str(BUILD / "web")]
        paths = ["--state", str(place.state), "--run", str(place.run)]
        up = subprocess.Popen([RACKPHONE, *paths, *listen], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        said = ""
        while "unpack" not in said:
            line = up.stdout.readline()
            if "check the network" in line:
                raise Skip("there is no network to build an image")
            expect(line, f"up ended: {said}")
            said += line
        # What mmdebstrap mounts of the host must be out of everyone's reach: a half-built root is erased.
        expect(not lines_of("/proc/self/mountinfo", folder), "the build's mounts are seen on the host")
        up.send_signal(number)
        up.communicate(timeout=30)
        wait_until("the build to end", lambda: not processes(place, tag_of(place.run)))
        return up.returncode, traces(place), list((place.state / "images").glob("building-*"))


@case("Ctrl-C while the image is built leaves nothing")
def ctrl_c_while_building():
    code, left, half_built = ends_while_building(signal.SIGINT)
    expect(code == 0 and not left and not half_built, f"exit {code}, left behind: {left} {half_built}")


@case("kill -9 while the image is built ends the build")
def killed_while_building():
    _, left, _ = ends_while_building(signal.SIGKILL)
    expect(set(left) == {"files"}, f"left behind: {left}")


@case("the controller is killed: streams and phones go on")
def killed_controller():
    with Host() as host:
        phone = host.phone("One")
        host.app(phone, [BUILD / "bin/rackphone-test-app", "scroll"])
        before = host.init_pid(phone)
        viewer = subprocess.Popen(host.viewer_command(phone, "--seconds", "60", *SIZE), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        wait_until("frames", lambda: frames(host, phone) > 10)
        old = host.pid("controller")
        os.kill(old, signal.SIGKILL)
        for _ in range(3):  # at its death, while it comes back, and after
            seen = frames(host, phone)
            wait_until("more frames", lambda: frames(host, phone) > seen + 5)
            wait_until("the controller", lambda: host.rest("GET", "/status"))
        expect(host.pid("controller") != old, "the controller was not killed")
        wait_until("the controller to find the phone running", lambda: host.state_of(phone) == "running")
        expect(host.init_pid(phone) == before, "the phone is not the same container")
        expect(viewer.poll() is None and host.engine(f"/v1/phones/{phone}")["viewers"] == 1,
               "the viewer lost its stream")
        end(viewer)


@case("the engine is killed: phone and picture come back by themselves")
def killed_engine():
    with Host() as host:
        phone = host.phone("One")
        expect(host.view(phone, *pictures(1), *SIZE)["frames"] >= 1, "no picture came")
        old = host.pid("engine")
        os.kill(old, signal.SIGKILL)
        wait_until("a new engine with the phone's picture",
                   lambda: host.engine("/v1/health") and host.pid("engine") != old and host.showing(phone))
        expect(host.view(phone, *pictures(1), *SIZE)["frames"] >= 1, "no picture came after the engine's death")
        wait_until("the phone to run", lambda: host.state_of(phone) == "running")


@case("a phone's programs have no privileges")
def privileges():
    with Host() as host:
        phone = host.phone("One")
        wait_until("the phone's picture", lambda: host.showing(phone))
        inside = [line.split()[0] for line in processes(host, tag_of(host.run)) if "conmon" not in line]
        checked = 0
        for pid in inside:
            status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
                          if ":\t" in line)
            if f"rackphone-{tag_of(host.run)}" not in pathlib.Path(f"/proc/{pid}/cgroup").read_text():
                continue
            checked += 1
            for key, owed in (("CapEff", "0" * 16), ("CapBnd", "0" * 16), ("NoNewPrivs", "1"), ("Seccomp", "2")):
                expect(status[key] == owed, f"{status['Name']} in the phone has {key} {status[key]}")
            expect(min(map(int, status["Uid"].split())) >= 0x70000000, f"{status['Name']} has uid {status['Uid']}")
        expect(checked >= 2, f"only {checked} processes of the phone were found")
        engine = pathlib.Path(f"/proc/{host.pid('engine')}/status").read_text()
        expect("CapEff:\t0000000000000000" in engine, "the engine has capabilities")


def cpu_ticks(host):
    """Of all processes in phones (proc(5): utime and stime, fields 14 and 15)."""
    total = 0
    for line in processes(host, tag_of(host.run)):
        try:
            groups = pathlib.Path(f"/proc/{line.split()[0]}/cgroup").read_text()
            fields = pathlib.Path(f"/proc/{line.split()[0]}/stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        if f"rackphone-{tag_of(host.run)}" in groups:
            total += int(fields[11]) + int(fields[12])
    return total


@case("a frozen phone uses no CPU, and goes on when thawed")
def freeze():
    with Host() as host:
        phone = host.phone("One")
        types(host, phone, "(while :; do :; done) &")
        began = cpu_ticks(host)
        wait_until("the phone to be busy", lambda: cpu_ticks(host) > began + 20)
        host.cli("phone", "freeze", phone)
        frozen = cpu_ticks(host)
        time.sleep(1.5)  # the time over which nothing may be used
        expect(cpu_ticks(host) == frozen, f"the frozen phone used {cpu_ticks(host) - frozen} ticks")
        host.cli("phone", "thaw", phone)
        wait_until("the phone to go on", lambda: cpu_ticks(host) > frozen)
        types(host, phone, "kill %1; echo awake > /home/phone/awake")
        wait_until("the phone's answer", in_phone(host, phone, "/home/phone/awake").exists)


@case("files outlive stop and start; reset erases them")
def files():
    with Host() as host:
        phone, other = host.phone("One"), host.phone("Two")
        types(host, phone, "echo kept > /home/phone/note")
        wait_until("the file", in_phone(host, phone, "/home/phone/note").exists)
        expect(not in_phone(host, other, "/home/phone/note").exists(), "the other phone sees the file")
        host.cli("phone", "stop", phone)
        expect(host.init_pid(phone) is None, "the stopped phone has a process")
        host.cli("phone", "start", phone)
        expect(in_phone(host, phone, "/home/phone/note").read_text() == "kept\n", "the file did not outlive a stop")
        old = host.init_pid(phone)
        host.cli("phone", "reset", phone)
        wait_until("the new phone", lambda: host.init_pid(phone) not in (None, old))
        expect(not in_phone(host, phone, "/home/phone/note").exists(), "the file outlived a reset")
        expect(in_phone(host, phone, "/home/phone").is_dir(), "the fresh phone has no home")
        host.cli("phone", "delete", phone, "--yes")
        expect([row["id"] for row in host.cli("phone", "list")] == [other], "the deleted phone is still listed")


def refused(host, args, status, word, prefix=()):
    """The command ends with `status` and one sentence that has `word` in it."""
    done = subprocess.run([*prefix, RACKPHONE, "--state", str(host.state), "--run", str(host.run), *args],
                          capture_output=True, text=True, timeout=60)
    said = done.stderr.strip()
    expect(done.returncode == status, f"rackphone {' '.join(args)}: exit {done.returncode}, not {status}: {said}")
    expect(word in said, f"rackphone {' '.join(args)} said: {said}")
    expect(len(said.splitlines()) == 1, f"rackphone {' '.join(args)} said more than one line: {said}")
    expect(done.stdout == "", f"rackphone {' '.join(args)} wrote: {done.stdout}")


@case("wrong input is refused in a sentence")
def wrong_input():
    with Host() as host:
        for verb in ("show", "start", "stop", "freeze", "thaw", "reset", "open", "logs"):
            refused(host, ["phone", verb, "nobody"], 3, "nobody")
        refused(host, ["phone", "delete", "nobody", "--yes"], 3, "nobody")
        refused(host, ["phone", "show", "../../etc/passwd"], 2, "PHONE")
        for name in ("", " ", "x" * 300, "a\nb", "\x1b[31m"):
            refused(host, ["phone", "create", name], 2, "name")
        refused(host, ["phone", "create", "One", "--image", "nothing"], 2, "nothing")
        expect(host.cli("phone", "list") == [], "a refused phone was made")
        phone = host.phone("One")
        refused(host, ["phone", "delete", phone], 2, "--yes")
        refused(host, ["up", "--listen", "nonsense"], 2, "nonsense")
        refused(host, ["up", "--listen", f"127.0.0.1:{host.port}"], 1, "runs already")
        expect(host.state_of(phone) == "running", "the phone suffered")


def without(program):
    """Runs a command where the program cannot be executed: in a mount namespace that has /dev/null in its place."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    return ["unshare", "--mount", "sh", "-c", f'mount --bind /dev/null {os.path.realpath(path)} && exec "$@"', "sh"]


class Place:
    """Directories for a host that never comes up."""

    def __init__(self, folder):
        self.path = pathlib.Path(folder)
        self.state, self.run = self.path / "state", self.path / "run"
        self.port = 1  # nothing listens there


@case("what a host lacks is said before anything is made")
def lacks():
    with Host() as running, tempfile.TemporaryDirectory(prefix="rp-host-") as folder:
        place = Place(folder)
        place.path.chmod(0o755)
        refused(place, ["up", "--listen", f"127.0.0.1:{running.port}"], 1, f"port {running.port} is in use")
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for command in (["up"], ["down"]):
            refused(place, command, 5, "root", prefix=nobody)
        for program in ("runc", "conmon", "nft"):
            refused(place, ["up"], 1, f"{program} is needed", prefix=without(program))
        refused(place, ["phone", "list"], 4, "up")
        expect(not place.state.exists(), "a state directory was made")
        # Not before the image is wanted is it known that it cannot be built.
        refused(place, ["up"], 3, "apt-get install mmdebstrap", prefix=without("mmdebstrap"))
        refused(place, ["up", "--image", "nothing"], 3, "nothing")
        expect_no_traces(place)


if __name__ == "__main__":
    run_cases()
