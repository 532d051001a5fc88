"""What every server that is compared has: it starts itself, its viewer and, last, says how the workload reaches it.

A server is used so:  server = Kind(directory, fps); server.start(); server.view(seconds); app on server.app_env();
… server.finish(); server.sightings().  `roots` are the processes that count as the server: everything between the app
and the socket, the compositor or X server included. Settings and their reasons: README.md.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import threading

import bar

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/support"))
from stack import Failure, end, free_port, wait_until  # noqa: E402

USER = "nobody"  # sway refuses root


class Server:
    programs = ()  # that must be installed
    display = "wayland"
    pixels = True  # whether the viewer reads the picture's own time

    def __init__(self, directory, fps):
        self.directory, self.fps = pathlib.Path(directory), fps
        self.port = free_port()
        self.roots, self._processes, self._thread, self._failure = [], [], None, None
        self._stop = threading.Event()

    @classmethod
    def missing(cls):
        absent = [name for name in cls.programs if shutil.which(name) is None]
        return f"not installed: {', '.join(absent)} (tools/install bench)" if absent else None

    def run(self, command, counts=True, env=None, user=None, **kwargs):
        """Starts a process that lives until close(); `counts`: it is part of the server."""
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment.update(env or {})
        if user and os.geteuid() == 0:
            kwargs.update(user=user, group="nogroup", extra_groups=[])
        log = open(self.directory / f"{pathlib.Path(command[0]).name}.log", "ab")
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=kwargs.pop("stdout", log), stderr=log, start_new_session=True, **kwargs)
        process.own_group = True
        self._processes.append(process)
        if counts:
            self.roots.append(process.pid)
        return process

    def log(self, name):
        path = self.directory / f"{name}.log"
        return path.read_text(errors="replace")[-1500:] if path.exists() else ""

    def await_port(self, name):
        wait_until(f"{name} to listen: {self.log(name)}", lambda: str(self.port) in subprocess.run(
            ["ss", "-tlnH", f"( sport = :{self.port} )"], stdout=subprocess.PIPE, text=True).stdout)

    def in_thread(self, body):
        def guarded():
            try:
                body()
            except Exception as error:  # told to the main thread by finish()
                self._failure = error
        self._thread = threading.Thread(target=guarded)
        self._thread.start()

    def finish(self):
        """Ends the viewer."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        if self._failure:
            raise Failure(f"the viewer: {self._failure}")

    def close(self):
        self._stop.set()
        if self._thread:
            self._thread.join()
        for process in reversed(self._processes):
            end(process)

    def certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days",
                        "2", "-keyout", str(self.directory / "key.pem"), "-out", str(self.directory / "cert.pem")],
                       check=True, stderr=subprocess.DEVNULL)
        if os.geteuid() == 0:
            shutil.chown(self.directory / "key.pem", USER)
        return str(self.directory / "cert.pem"), str(self.directory / "key.pem")

    def x_server(self, counts, *extra):
        """Starts an Xvfb as large as the picture; returns its $DISPLAY."""
        read, write = os.pipe()
        with os.fdopen(read) as answer:
            process = self.run(["Xvfb", "-displayfd", str(write), "-screen", "0", f"{bar.WIDTH}x{bar.HEIGHT}x24",
                                "-nolisten", "tcp", "-noreset", *extra], counts=counts, pass_fds=[write])
            os.close(write)
            number = answer.readline().strip()
        if not number:
            raise Failure(f"Xvfb ended with {process.wait()}: {self.log('Xvfb')}")
        return f":{number}"


class Screened(Server):
    """A server whose viewer shows the picture in an Xvfb, where its pixels are read: latency has the viewer's decoding
    and drawing in it."""

    def show(self, command, env=None):
        """Starts the viewer `command` in an Xvfb and watches what it shows."""
        screen = self.x_server(False, "-fbdir", str(self.directory))
        self.run(command, counts=False, env={"DISPLAY": screen, "HOME": str(self.directory), **(env or {})})
        self._watch = bar.ScreenWatch(self.directory / "Xvfb_screen0")
        self.in_thread(lambda: self._watch.run(self._stop.is_set))

    def sightings(self):
        return self._watch.seen
