"""What a Rackphone host leaves on the machine, looked for where the kernel keeps it.

Everything of one host carries its directory or its tag in the name (containers/runtime/runc/instance.h), so what
other hosts beside it have is never mistaken for its own.
"""
import pathlib
import re
import socket
import subprocess

from stack import Failure


def tag_of(run_dir):
    """The six digits in the names of bridge, veths, tables, containers and cgroups."""
    value = 2166136261
    for byte in f"{run_dir}/phones".encode():
        value = (value ^ byte) * 16777619 % (1 << 32)
    return f"{(value >> 24) ^ (value & 0xffffff):06x}"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def processes(host, tag):
    """By command line or, inside phones, by cgroup."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
            groups = (entry / "cgroup").read_text()
        except OSError:
            continue  # ended meanwhile
        if str(host.path) in command or f"rackphone-{tag}" in groups:
            found.append(f"{entry.name} {command[:120]}")
    return found


def lines_of(path, *words):
    return [line for line in pathlib.Path(path).read_text(errors="replace").splitlines() if any(w in line for w in words)]


def traces(host):
    """Kind -> what is there. Kinds with nothing are left out."""
    tag = tag_of(host.run)
    links = re.findall(r"^\d+: ([^:@]+)", output("ip", "link", "show"), re.M)
    all_kinds = {
        "processes": processes(host, tag),
        "mounts": lines_of("/proc/self/mountinfo", str(host.run), tag),
        "sockets": lines_of("/proc/net/unix", str(host.path)),
        "links": [link for link in links if tag in link],
        "nft tables": [line for line in output("nft", "list", "tables").splitlines() if tag in line],
        "cgroups": [str(path) for path in pathlib.Path("/sys/fs/cgroup").glob(f"**/rackphone-{tag}")],
        "files": [str(path) for path in (host.run, pathlib.Path(f"{host.run}.lock")) if path.exists()],
        "port": [str(host.port)] if is_taken(host.port) else [],
    }
    return {kind: found for kind, found in all_kinds.items() if found}


def is_taken(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def expect_all_traces(host):
    """With a phone running there is something of every kind: what looks for leftovers does find things."""
    missing = {"processes", "mounts", "sockets", "links", "nft tables", "cgroups", "files", "port"} - set(traces(host))
    if missing:
        raise Failure(f"nothing of a running host was found among: {', '.join(sorted(missing))}")


def expect_no_traces(host):
    left = traces(host)
    if left:
        raise Failure(f"left behind: {left}")
