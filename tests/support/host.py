"""A whole Rackphone host in a temporary directory: `rackphone up` with real containers, on loopback.

Needs root and runc; without them Skip says so. Images are kept in the cache between runs (they are named by the
digest of what they are made of, so a stale one is never used).
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from cases import Skip
from stack import BUILD, Failure, UnixConnection, end, free_port, wait_until

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "rackphone"


class Host:
    def __init__(self, image="tiny", start_s=420, **_):
        self._image = image
        self._start_s = start_s
        if os.geteuid() != 0:
            raise Skip("containers need root")
        for program in ("runc", "mmdebstrap", "nft", "ip"):
            if shutil.which(program) is None:
                raise Skip(f"{program} is not installed")

    def __enter__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="rp-host-", ignore_cleanup_errors=True)
        self.path = pathlib.Path(self._directory.name)
        self.path.chmod(0o755)
        self.state, self.run = self.path / "state", self.path / "run"
        self.state.mkdir(mode=0o700)
        (CACHE / "images").mkdir(parents=True, exist_ok=True)
        (self.state / "images").symlink_to(CACHE / "images")
        # As in a clone below someone's home: the engine's user may not even pass through.
        home = self.path / "home"
        home.mkdir(mode=0o700)
        self._web_root = shutil.copytree(BUILD / "web", home / "web")
        self.port = free_port()
        self._apps = []
        try:
            self.up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def up(self):
        """Starts `rackphone up` and waits for its link; returns the seconds that took."""
        began = time.monotonic()
        self.log_path = self.path / "up.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [str(BUILD / "bin/rackphone"), "--state", str(self.state), "--run", str(self.run), "up",
                 "--listen", f"127.0.0.1:{self.port}", "--image", self._image, "--no-demo-phone",
                 "--web-root", str(self._web_root), "--user", "nobody"], stdout=log, stderr=log)
        wait_until("the link", lambda: self.process.poll() is not None or self.link(), self._start_s)
        if self.process.poll() is not None:
            if "check the network" in self.log():
                raise Skip(f"image {self._image} is not built yet, and there is no network to build it")
            raise Failure("`rackphone up` ended:\n" + self.log())
        return time.monotonic() - began

    def __exit__(self, *_):
        for app in self._apps:
            end(app)
        if getattr(self, "process", None) is not None:
            end_up(self.process)
        self.cli("down", check=False)
        (self.state / "images").unlink(missing_ok=True)
        self._directory.cleanup()

    def log(self):
        text = self.log_path.read_text(errors="replace")
        for log in (self.state / "log").glob("*.log"):
            text += f"\n--- {log.name}\n" + log.read_text(errors="replace")[-30000:]
        return text

    def link(self):
        found = re.search(r"(https://\S+)/#code=(\S+)", self.log_path.read_text(errors="replace"))
        return found.groups() if found else None

    def cli(self, *args, check=True, timeout=120):
        """Runs `rackphone …` against this host; the JSON it prints, or None."""
        done = subprocess.run([str(BUILD / "bin/rackphone"), "--json", "--state", str(self.state), "--run", str(self.run),
                               *args], capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise Failure(f"rackphone {' '.join(args)}: exit {done.returncode}: {done.stdout}{done.stderr}\n{self.log()}")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return None

    def phone(self, name, image="tiny"):
        made = self.cli("phone", "create", name, "--image", image, "--start")
        wait_until(f"phone {name} to run", lambda: self.state_of(made["id"]) == "running", 60)
        return made["id"]

    def state_of(self, phone):
        return self.cli("phone", "show", phone)["state"]

    def engine(self, path):
        """GET from the engine's control API; None while there is no engine."""
        connection = UnixConnection(self.run / "engine/control.sock")
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def showing(self, phone):
        return (self.engine(f"/v1/phones/{phone}") or {}).get("has_content", False)

    def app(self, phone, command):
        """A program of this tree on the phone's display, above what its container shows."""
        wait_until(f"the container of {phone} to show something", lambda: self.showing(phone), 30)
        clients = self.engine(f"/v1/phones/{phone}")["clients"]
        socket = self.run / "engine/phones" / phone / "wayland-0"
        process = subprocess.Popen([str(part) for part in command], start_new_session=True,
                                   env=dict(os.environ, WAYLAND_DISPLAY=str(socket), XDG_RUNTIME_DIR=str(self.path)))
        process.own_group = True
        self._apps.append(process)
        wait_until("the program to connect", lambda: self.engine(f"/v1/phones/{phone}")["clients"] > clients)
        return process

    def pid(self, program):
        return int((self.run / f"{program}.pid").read_text())

    def init_pid(self, phone):
        """The first process of the phone's container, as this machine numbers it; None: it has none."""
        try:
            pid = int((self.run / "phones/phones" / phone / "init.pid").read_text())
            return pid if pathlib.Path(f"/proc/{pid}/exe").is_symlink() else None
        except (OSError, ValueError):
            return None

    def rest(self, method, path, body=None):
        """A call of the controller's REST API as root; None while there is no controller."""
        connection = UnixConnection(self.run / "controller.sock")
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v1{path}", text, {"Content-Type": "application/json"} if text else {})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        if answer.status >= 300:
            raise Failure(f"{method} {path}: {answer.status} {data.decode(errors='replace')}")
        return json.loads(data) if data else {}

    def viewer_command(self, phone, *args):
        ticket = self.rest("POST", f"/phones/{phone}/ticket", {})
        if ticket is None:
            raise Failure("the controller gives no ticket: it does not answer")
        return [str(BUILD / "bin/rackphone-test-viewer"), "--address", f"127.0.0.1:{self.port}", "--ticket",
                ticket["ticket"], *args]

    def view(self, phone, *args, timeout=60):
        """Runs a headless viewer to its end and returns the JSON it prints."""
        done = subprocess.run(self.viewer_command(phone, *args), capture_output=True, text=True, timeout=timeout)
        if done.returncode != 0:
            raise Failure(f"viewer: {done.stderr.strip()}\n{self.log()}")
        return json.loads(done.stdout)


def end_up(process, seconds=30):
    """Ctrl-C, as a person would."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failure(f"`rackphone up` did not end within {seconds} s of Ctrl-C") from None
