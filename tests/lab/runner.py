#!/usr/bin/env python3
"""Goal: tools/lab/run keeps its promises: output and status come out, nothing is written to the host, and whatever
happens to the lab or its runner, no process stays. Method: real labs, each booted for one case."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/support")]
from cases import case, run_cases  # noqa: E402

RUN = str(ROOT / "tools/lab/run")


def lab(*command, options=()):
    return subprocess.run([RUN, "--timeout", "60", "--memory", "256", *options, "--", *command], capture_output=True,
                          text=True, timeout=120, check=False)


def processes_with(word):
    """Ids of processes whose command line holds `word`."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass  # it ended while we looked
    return found


def wait_until(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"not within 20 s: {what}"
        time.sleep(0.02)


@case("output, errors and status come out as they are")
def output():
    done = lab("sh", "-c", r"printf 'a\nb\t\\n\0c'; echo wrong >&2; exit 7")
    assert done.stdout == "a\nb\t\\n\0c", done
    assert done.stderr == "wrong\n", done
    assert done.returncode == 7, done


@case("much output arrives whole")
def much_output():
    done = lab("seq", "200000")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "".join(f"{n}\n" for n in range(1, 200001)), len(done.stdout)


@case("a command that dies of a signal, or is not there, has the shell's status")
def signals():
    assert lab("sh", "-c", "kill -SEGV $$").returncode == 128 + signal.SIGSEGV
    assert lab("/no/such/command").returncode == 127


@case("arguments, environment and working directory reach the command")
def surroundings():
    os.environ["RP_WORD"] = "two words, 'quoted' $HOME"
    done = lab("sh", "-c", 'printf "%s|%s|%s" "$PWD" "$RP_WORD" "$1"', "sh", "an argument\nof 2 lines")
    assert done.stdout == f"{os.getcwd()}|{os.environ['RP_WORD']}|an argument\nof 2 lines", done


@case("only the scratch folder can be written to, and what lies there stays")
def scratch():
    with tempfile.TemporaryDirectory() as folder:
        kept = pathlib.Path(folder, "kept")
        kept.mkdir()
        mark = f"rackphone-lab-{os.getpid()}"
        done = lab("sh", "-c", f'echo x >"$RP_LAB_SCRATCH/result"; for d in / /etc /root /usr {ROOT}; do '
                               f'echo x >$d/{mark} && exit 9; done 2>/dev/null; '
                               f'for d in /tmp /run /var/tmp /dev/shm; do echo x >$d/{mark} || exit 8; done',
                   options=["--scratch", str(kept)])
        assert done.returncode == 0, done
        assert (kept / "result").read_text() == "x\n"
        for place in ("/", "/etc", "/root", "/usr", ROOT, "/tmp", "/run", "/var/tmp", "/dev/shm"):
            assert not pathlib.Path(place, mark).exists(), place


@case("a program that lies under /tmp can be run")
def hidden_program():
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        program = pathlib.Path(folder, "program")
        program.write_text("#!/bin/sh\necho from $0\n")
        program.chmod(0o755)
        done = lab(str(program))
        assert done.stdout == f"from {program}\n", done


@case("a hang ends with the time limit, and nothing is left of the lab")
def hang():
    done = lab("sleep", "1000", options=["--timeout", "5"])
    assert done.returncode == 124, done
    assert "out of time after 5.0 s" in done.stderr, done.stderr
    wait_until(lambda: not processes_with(f"RP_RUN={cache()}"), "the lab's processes end")


@case("a panic of the lab's kernel is told from a failed command")
def panic():
    done = lab("sh", "-c", "echo before; echo c >/proc/sysrq-trigger; sleep 30")
    assert done.returncode == 125, done
    assert "Kernel panic" in done.stderr and "sysrq" in done.stderr, done.stderr
    assert done.stdout == "before\n", done


@case("the runner may be killed: the lab goes with it")
def killed():
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        runner = subprocess.Popen([RUN, "--", "sh", "-c", "echo up; sleep 1000"], stdout=subprocess.PIPE)
        assert runner.stdout.readline() == b"up\n"
        ours = processes_with(f"RP_RUN={cache()}")
        assert ours
        runner.send_signal(number)
        runner.wait(timeout=20)
        wait_until(lambda ours=ours: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in ours),
                   f"the lab ends after signal {number}")
        runner.stdout.read()  # until the last writer is gone
        runner.stdout.close()


@case("labs run beside each other")
def parallel():
    labs = [subprocess.Popen([RUN, "--memory", "256", "--", "sh", "-c", f"echo {n} >/tmp/own; sleep 1; cat /tmp/own"],
                             stdout=subprocess.PIPE, text=True) for n in range(4)]
    assert [one.communicate(timeout=100)[0] for one in labs] == [f"{n}\n" for n in range(4)]


@case("a user who is not root has a lab too", needs=["setpriv"])
def not_root():
    if os.getuid() != 0:
        return  # every other case has shown it
    kernel = subprocess.run([str(ROOT / "tools/lab/build"), "--where"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as home:
        own = pathlib.Path(home, *pathlib.Path(kernel.stdout.strip()).parts[-4:])
        own.parent.mkdir(parents=True)
        own.write_bytes(pathlib.Path(kernel.stdout.strip()).read_bytes())
        own.chmod(0o755)
        for path in [pathlib.Path(home), *pathlib.Path(home).rglob("*")]:
            os.chown(path, 65534, 65534)
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", RUN, "--memory", "256", "--",
                               "sh", "-c", "id -u; uname -r"], capture_output=True, text=True, timeout=120, check=False,
                              cwd="/", env={"PATH": os.environ["PATH"], "XDG_CACHE_HOME": home})
        assert done.returncode == 0 and done.stdout.startswith("0\n6.1."), done


def cache():
    kernel = subprocess.run([str(ROOT / "tools/lab/build"), "--where"], capture_output=True, text=True, check=True)
    return pathlib.Path(kernel.stdout.strip()).parents[1]


if subprocess.run([RUN, "--memory", "256", "--", "true"], check=False).returncode == 77:
    sys.exit(77)  # the reason is printed
run_cases()
