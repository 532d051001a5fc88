"""An engine without containers, for scenario tests and benchmarks.

`Stack` starts a real rackphone-engine on loopback with a fresh certificate and ticket key in a temporary
directory, makes phones through its control API, runs programs as a phone's apps (plain processes on the phone's
Wayland socket) and viewers against it. Leaving the `with` block ends everything it started.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("RP_BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build/dev"))
# Set by CTest in sanitizer builds. Their runtimes need system calls that the engine gives up otherwise.
SANITIZED = bool(os.environ.get("RP_SANITIZE"))


class Failure(Exception):
    """Something the stack needed did not happen; the text says what."""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def wait_until(what, condition, seconds=20.0):
    """Polls until condition() is true and returns its value; Failure names what was waited for."""
    if SANITIZED:
        seconds *= 3
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds:g} s for {what}")
        time.sleep(0.01)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pictures(count):
    """Options of a viewer that only waits for so many pictures, however slow the machine is."""
    return ["--frames", str(count), "--seconds", "30"]


class Stack:
    def __init__(self, encoder="", extra_args=(), address="127.0.0.1"):
        self._encoder = encoder
        self.address = address  # to listen on
        self._extra = list(extra_args)
        self._processes = []

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="rp-stack-")
        self.path = pathlib.Path(self._directory.name)
        self.path.chmod(0o755)
        (self.path / "phones").mkdir()
        (self.path / "web").mkdir()
        (self.path / "web/index.html").write_text("<!doctype html><title>test</title>")
        self.control = self.path / "control.sock"
        self.port = free_port()
        self._tool("keys", "--directory", str(self.path))
        try:
            self.start_engine()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, failure=None, *_):
        try:
            for process in reversed(self._processes):
                self._end(process, failure)
        finally:
            self._directory.cleanup()

    def _end(self, process, failure):
        """Ends a process; an engine that was still running must end well, which is also how a sanitizer's
        finding (a leak, a race) comes to light."""
        judged = process is self.engine and failure is None and process.poll() is None
        end(process, seconds=30 if SANITIZED else 5)
        if judged and process.returncode != 0:
            raise Failure(f"the engine ended with {process.returncode}:\n{self.log()}")

    def _tool(self, *args):
        done = subprocess.run([str(BUILD / "bin/rackphone-test-keys"), *args], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"rackphone-test-keys: {done.stderr.strip()}")
        return done.stdout.strip()

    def start_engine(self):
        log = open(self.path / "engine.log", "ab")
        args = [str(BUILD / "bin/rackphone-engine"), "--listen", f"{self.address}:{self.port}",
                "--control-socket", str(self.control), "--phones-dir", str(self.path / "phones"),
                "--api-socket", str(self.path / "api.sock"), "--web-root", str(self.path / "web"),
                "--tls-cert", str(self.path / "cert.pem"), "--tls-key", str(self.path / "key.pem")]
        if self._encoder:
            args += ["--encoder", self._encoder]
        if SANITIZED:
            args += ["--no-harden"]
        self.engine = subprocess.Popen(args + self._extra, stdout=log, stderr=log)
        self._processes.append(self.engine)
        wait_until("the engine's control socket", lambda: self.engine.poll() is not None or self._healthy(), seconds=60)
        if self.engine.poll() is not None:
            raise Failure("the engine ended at start:\n" + self.log())
        self.call("PUT", "/v1/ticket-keys", {"keys": [(self.path / "ticket.pub").read_text().strip()]})

    def log(self):
        return (self.path / "engine.log").read_text(errors="replace")[-8000:]

    def _healthy(self):
        try:
            return self.call("GET", "/v1/health")["status"] == "ok"
        except (OSError, Failure, http.client.HTTPException):
            return False

    def call(self, method, path, body=None):
        connection = UnixConnection(self.control)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 300:
                raise Failure(f"{method} {path}: {answer.status} {data.decode(errors='replace')}")
            if answer.getheader("Content-Type", "").startswith("application/json") and data:
                return json.loads(data)
            return data.decode()
        finally:
            connection.close()

    def phone(self, name="test", width=720, height=1280, scale_120=120, refresh_hz=60):
        return self.call("PUT", f"/v1/phones/{name}", {
            "name": name, "width": width, "height": height, "scale_120": scale_120, "refresh_hz": refresh_hz})

    def status(self, name="test"):
        return self.call("GET", f"/v1/phones/{name}")

    def run(self, command, phone="test", env=None, log_name=None, user=None, **kwargs):
        """Starts a program as an app of the phone; it is ended with the stack. `user`: not as root."""
        environment = dict(os.environ)
        for unwanted in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"):
            environment.pop(unwanted, None)
        runtime = self.path / f"runtime-{phone}"
        runtime.mkdir(exist_ok=True, mode=0o700)
        if user and os.geteuid() == 0:
            kwargs.update(user=user, group="nogroup", extra_groups=[])
            shutil.chown(runtime, user)
            environment["HOME"] = str(runtime)
        environment.update(XDG_RUNTIME_DIR=str(runtime),
                           WAYLAND_DISPLAY=str(self.path / "phones" / phone / "wayland-0"),
                           XDG_SESSION_TYPE="wayland", GDK_BACKEND="wayland", LIBGL_ALWAYS_SOFTWARE="1")
        # Apps are guests, which may leak; the engine is what is judged.
        environment["ASAN_OPTIONS"] = "detect_leaks=0"
        environment.update(env or {})
        log = open(self.path / f"{log_name or pathlib.Path(command[0]).name}.log", "ab")
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True, **kwargs)
        process.own_group = True
        self._processes.append(process)
        return process

    def ticket(self, phone="test"):
        return self._tool("ticket", "--directory", str(self.path), "--phone", phone)

    def viewer_command(self, *args, phone="test", port=None, namespace=None):
        """`namespace`: the network namespace (of `ip netns`) the viewer runs in."""
        within = ["ip", "netns", "exec", namespace] if namespace else []
        return [*within, str(BUILD / "bin/rackphone-test-viewer"), "--address", f"{self.address}:{port or self.port}",
                "--ticket", self.ticket(phone), *args]

    def view(self, *args, phone="test", port=None, namespace=None, timeout=60):
        """Runs a headless viewer to its end and returns the JSON it prints."""
        done = subprocess.run(self.viewer_command(*args, phone=phone, port=port, namespace=namespace), capture_output=True,
                              text=True, timeout=timeout)
        if done.returncode != 0:
            raise Failure(f"viewer: {done.stderr.strip()}\n{self.log()}")
        return json.loads(done.stdout)

    def engine_cpu_s(self):
        """CPU time of all the engine's threads so far, in seconds, to the nanosecond (schedstat)."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.engine.pid}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:
                continue
        return total / 1e9

    def delivered(self, phone="test"):
        """Frames handed to the transport for this phone's viewers so far."""
        name = f'rackphone_frames_total{{phone="{phone}"}}'
        for line in self.call("GET", "/metrics").splitlines():
            if line.startswith(name):
                return int(float(line.split()[-1]))
        raise Failure(f"the engine's metrics have no {name}")

    def engine_rss_mib(self):
        for line in pathlib.Path(f"/proc/{self.engine.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise Failure("the engine has no VmRSS")


def end(process, seconds=5):
    """Ends a process that was started here: asks, waits up to `seconds`, then insists."""
    def send(number):
        if getattr(process, "own_group", False):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)

    try:
        send(signal.SIGTERM)
    except ProcessLookupError:
        process.wait()
        return
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        send(signal.SIGKILL)
        process.wait()
    if getattr(process, "own_group", False):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
