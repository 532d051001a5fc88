"""What a server costs, from outside: CPU and memory of its processes, bytes of its sockets, the machine's noise."""
import ctypes
import os
import pathlib
import re
import signal
import subprocess


def descendants(roots):
    """The processes `roots` and all they started, as far as they still live."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(text.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
    found, todo = [], list(roots)
    while todo:
        pid = todo.pop()
        if pid not in found and pathlib.Path(f"/proc/{pid}").exists():
            found.append(pid)
            todo += parents.get(pid, [])
    return found


def adopt_orphans():
    """Makes this process the parent of what its children leave behind, so that it can be seen and ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:  # PR_SET_CHILD_SUBREAPER
        raise OSError(ctypes.get_errno(), "prctl")


def end_orphans():
    """Ends, by their ids, processes that servers have left behind."""
    for pid in descendants([os.getpid()]):
        if pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                continue


def cpu_s(pids):
    """CPU time of all threads of these processes so far, in seconds, to the nanosecond (schedstat)."""
    total = 0
    for pid in pids:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue
    return total / 1e9


def memory_mib(pids):
    """(RSS, PSS) of these processes together. PSS counts a page shared by n processes as 1/n."""
    rss = pss = 0
    for pid in pids:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name == "Rss":
                rss += int(rest.split()[0])
            elif name == "Pss":
                pss += int(rest.split()[0])
    return rss / 1024, pss / 1024


def sent_bytes(port):
    """Bytes the server has sent on its connections at this port: what TLS makes of the stream (tcp(7), TCP_INFO)."""
    done = subprocess.run(["ss", "-tinH", "state", "established", f"( sport = :{port} )"], stdout=subprocess.PIPE,
                          text=True, check=True)
    return sum(int(n) for n in re.findall(r"bytes_sent:(\d+)", done.stdout))


def stolen_s():
    """Seconds of CPU the hypervisor has given to others so far, all cores together."""
    return int(pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[8]) / os.sysconf("SC_CLK_TCK")


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {"cores": os.cpu_count(), "cpu": model.group(1) if model else "", "kernel": os.uname().release,
            "load_1min": os.getloadavg()[0]}
