#!/usr/bin/env python3
"""`rackphone bench`, whole: a small run gives a valid report with every session served; Ctrl-C in the middle gives a
report of what was done, and in either case nothing is left behind."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from stack import BUILD, Failure, SANITIZED, wait_until  # noqa: E402


class Run:
    """One `rackphone bench` with its temporary files in a folder of its own, so that what it leaves is its own."""

    def __init__(self, *args):
        self._folder = tempfile.TemporaryDirectory(prefix="rp-capacity-")
        self.path = pathlib.Path(self._folder.name)
        self.path.chmod(0o755)  # phones in containers are other users, which pass through
        self.tmp = self.path / "tmp"
        self.tmp.mkdir()
        self.report_path = self.path / "report.json"
        self._tags = set()
        self._log = open(self.path / "log", "wb")
        options = ["--engine-option=--no-harden"] if SANITIZED else []
        self.process = subprocess.Popen(
            [str(BUILD / "bin/rackphone"), "bench", *args, "--json", str(self.report_path), *options],
            env=dict(os.environ, TMPDIR=str(self.path / "tmp")), stdout=self._log, stderr=self._log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._log.close()
        self._folder.cleanup()

    def log(self):
        return (self.path / "log").read_text(errors="replace")

    def end(self, seconds):
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"bench did not end in {seconds} s:\n{self.log()}") from None
        if not self.report_path.exists():
            raise Failure(f"no report; bench ended with {self.process.returncode}:\n{self.log()}")
        return json.loads(self.report_path.read_text())

    def children(self):
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                name = (entry / "comm").read_text().strip()
            except OSError:
                continue  # ended meanwhile
            if int(parent) == self.process.pid:
                found.append((int(entry.name), name))
        return found

    def expect_nothing_left(self, children):
        left = [child for child in children if pathlib.Path(f"/proc/{child[0]}").exists()]
        if left:
            raise Failure(f"these processes outlived bench: {left}")
        files = list(self.tmp.iterdir())
        if files:
            raise Failure(f"bench left {files}")

    def clean(self):
        done = subprocess.run([str(BUILD / "bin/rackphone"), "bench", "--clean"], capture_output=True, text=True,
                              env=dict(os.environ, TMPDIR=str(self.tmp)))
        if done.returncode != 0:
            raise Failure(f"bench --clean: {done.stdout}{done.stderr}")

    def container_traces(self):
        """Processes, mounts and cgroups of this run's containers, its bridges and networks."""
        needle = str(self.tmp)
        traces = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines() if needle in line]
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # ended meanwhile
            if needle in command and "conmon" in command:
                traces.append(command.replace("\0", " "))
        traces += [tag for tag in self.tags() if pathlib.Path(f"/sys/class/net/rp-{tag}").exists()]
        for tag in self.tags():
            traces += [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/rackphone-{tag}")]
        return traces

    def tags(self):
        """Of the run directories this test has seen: the names of what the runtime makes."""
        for folder in self.tmp.glob("rackphone-bench-*/run"):
            self._tags.add(tag_of(str(folder)))
        return self._tags


def tag_of(run_dir):
    """As containers/runtime/runc/instance.cc makes it: FNV-1a, folded to 24 bits."""
    value = 2166136261
    for byte in run_dir.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return f"{(value >> 24) ^ (value & 0xFFFFFF):06x}"


def need_containers():
    if os.geteuid() != 0:
        raise Skip("containers need root")
    if SANITIZED:
        raise Skip("a sanitizer's runtime does not run under the phones' seccomp profile")


def app_namespaces():
    """The network namespaces in which a workload app runs, by process."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().startswith("rackphone-workl"):
                found[int(entry.name)] = os.readlink(entry / "ns/net")
        except OSError:
            continue  # ended meanwhile
    return found


def started(run):
    """The engine and at least one app, once they run."""
    def both():
        names = {name for _, name in run.children()}
        return any(n.startswith("rackphone-engin") for n in names) and any(n.startswith("rackphone-workl") for n in names)
    wait_until("engine and apps", lambda: both() or run.process.poll() is not None)
    return run.children()


@case("four typing phones are all served, and the report can be read back")
def four_phones():
    with Run("--phones-as", "processes", "--phones", "4", "--for", "5s", "--workload", "typing") as run:
        children = started(run)
        report = run.end(90)
        run.expect_nothing_left(children)
        step = report["steps"][0]
        if not report["complete"] or step["phones_served"] != 4:
            raise Failure(f"not every session was served: {step}\n{run.log()}")
        for figure in ("launch_ms", "input_to_photon_ms", "commit_to_received_ms", "frame_bytes"):
            if step[figure]["count"] == 0:
                raise Failure(f"{figure} was never measured: {step}")
        if step["engine_cpu_percent"] <= 0 or step["engine_memory"]["pss_mib"] <= 0:
            raise Failure(f"the engine's cost was not measured: {step}")
        # The report is what `bench compare` takes: equal to itself, nothing is worse.
        path = str(run.report_path)
        same = subprocess.run([str(BUILD / "bin/rackphone"), "bench", "compare", path, path], capture_output=True, text=True)
        if same.returncode != 0:
            raise Failure(f"compare: {same.stdout}{same.stderr}")


@case("Ctrl-C gives the report of what was done and leaves nothing")
def interrupted():
    with Run("--phones-as", "processes", "--phones", "3", "--for", "10m", "--workload", "reading") as run:
        children = started(run)
        wait_until("the measurement", lambda: "measuring" in run.log() or run.process.poll() is not None, 60)
        run.process.send_signal(signal.SIGINT)
        report = run.end(30)
        run.expect_nothing_left(children)
        if report["complete"] or len(report["steps"]) != 1 or report["steps"][0]["phones_served"] != 3:
            raise Failure(f"the report of a stopped run is wrong: {report}")


@case("killed outright, its processes go with it")
def killed():
    with Run("--phones-as", "processes", "--phones", "2", "--for", "10m", "--workload", "idle") as run:
        children = started(run)
        run.process.kill()
        run.process.wait()
        wait_until("the end of its processes",
                   lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid, _ in children))


@case("over links with delay and loss every phone is served, later by the distance", needs=["ip", "tc"])
def lossy_links():
    if os.geteuid() != 0:
        raise Skip("a network namespace needs root")
    with Run("--phones-as", "processes", "--phones", "3", "--for", "5s", "--workload", "typing",
             "--network", "rate=8mbit,delay=20ms,loss=1%") as run:
        report = run.end(90)
        run.expect_nothing_left([])
        step = report["steps"][0]
        if step["phones_served"] != 3 or report["network"]["made_by"] not in ("kernel", "emulator"):
            raise Failure(f"not every phone was served over its link: {report}\n{run.log()}")
        # No machine is faster than the distance: 20 ms one way, 40 there and back.
        if step["commit_to_received_ms"]["p50"] < 20 or step["input_to_photon_ms"]["p50"] < 40:
            raise Failure(f"the link's delay is not in the figures: {step}")
        if list(pathlib.Path("/run/netns").glob(f"rpb{run.process.pid}*")):
            raise Failure("bench left its network namespace")


def measuring(run):
    wait_until("the measurement", lambda: "measuring" in run.log() or run.process.poll() is not None, 90)
    if run.process.poll() is not None:
        raise Failure(f"bench ended with {run.process.returncode}:\n{run.log()}")


@case("phones in containers: each its own network, cgroup and memory; nothing is left", needs=["runc", "conmon", "nft"])
def containers():
    need_containers()
    with Run("--phones-as", "containers", "--phones", "3", "--for", "4s", "--workload", "typing") as run:
        measuring(run)
        own = os.readlink("/proc/self/ns/net")
        apart = [pid for pid, namespace in app_namespaces().items() if namespace != own]
        if len(apart) < 3:
            raise Failure(f"only {len(apart)} workload apps are in a network namespace of their own")
        if not run.container_traces():
            raise Failure("the test sees no trace of running containers, so it could not see any left behind")
        report = run.end(90)
        step = report["steps"][0]
        if report["workload"]["phone_kind"] != "container" or step["phones_served"] != 3:
            raise Failure(f"not every phone was served from a container: {report}\n{run.log()}")
        memory = step["phone_cgroup_kib"]
        if memory["count"] != 3 or memory["p50"] < 512 or step["app_memory"]["pss_mib"] <= 0:
            raise Failure(f"the phones' memory was not measured: {step}")
        if step["launch_ms"]["count"] != 3:
            raise Failure(f"launches were not measured: {step}")
        run.expect_nothing_left([])
        if run.container_traces():
            raise Failure(f"bench left {run.container_traces()}")


@case("Ctrl-C while containers start: they are removed", needs=["runc", "conmon", "nft"])
def containers_interrupted():
    need_containers()
    with Run("--phones-as", "containers", "--phones", "30", "--for", "10m") as run:
        wait_until("a launched phone", lambda: "launching" in run.log() and run.container_traces(), 60)
        run.process.send_signal(signal.SIGINT)
        run.process.wait(timeout=90)
        run.expect_nothing_left([])
        if run.container_traces():
            raise Failure(f"bench left {run.container_traces()}")


@case("killed outright, bench --clean removes its containers", needs=["runc", "conmon", "nft"])
def containers_killed():
    need_containers()
    with Run("--phones-as", "containers", "--phones", "2", "--for", "10m", "--workload", "idle") as run:
        measuring(run)
        run.clean()
        if not run.container_traces() or not list(run.tmp.iterdir()):
            raise Failure("bench --clean took what a run that goes on needs")
        run.process.kill()
        run.process.wait()
        run.clean()
        if run.container_traces() or list(run.tmp.iterdir()):
            raise Failure(f"bench --clean left {run.container_traces()} {list(run.tmp.iterdir())}")


if __name__ == "__main__":
    run_cases()
