"""The servers that are compared (server.py says how one is used). Settings and their reasons: README.md."""
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

import bar
import rfb
import rfb_pixels
from server import USER, Screened, Server
from stack import Failure, Stack, wait_until


class Rackphone(Server):
    """The engine; its viewer is the test suite's headless one."""
    tiles = False

    def start(self):
        self._stack = Stack(encoder="x264").__enter__()
        self.port = self._stack.port
        self._stack.phone(refresh_hz=self.fps)
        self.roots = [self._stack.engine.pid]

    def app_env(self):
        return {"XDG_RUNTIME_DIR": str(self.directory),
                "WAYLAND_DISPLAY": str(self._stack.path / "phones/test/wayland-0")}

    def view(self, seconds):
        args = ["--seconds", str(seconds), "--size", f"{bar.WIDTH}x{bar.HEIGHT}", "--fps", str(self.fps),
                "--timeline", str(self.directory / "timeline"), "--dump", str(self.directory / "video")]
        self._viewer = self.run(self._stack.viewer_command(*args, *(["--tiles", "1"] if self.tiles else [])),
                                counts=False, stdout=subprocess.DEVNULL)

    def finish(self):
        if self._viewer.wait(timeout=60) != 0:
            raise Failure(f"the viewer: {self.log('rackphone-test-viewer')}")

    def sightings(self):
        lines = [line.split(",") for line in (self.directory / "timeline").read_text().splitlines()]
        if self.tiles:
            return [(int(line[0]) / 1e6, int(line[2]) // 100 % bar.WRAP) for line in lines]
        stamps = bar.stamps_of_h264(self.directory / "video")
        if len(stamps) != len(lines):
            raise Failure(f"{len(lines)} frames came, but {len(stamps)} pictures are in them")
        return [(int(received) / 1e6, units) for (received, *_), units in zip(lines, stamps) if units is not None]

    def close(self):
        super().close()
        if hasattr(self, "_stack"):
            self._stack.__exit__(None)


class RackphoneTiles(Rackphone):
    tiles = True
    pixels = False


class Wayvnc(Server):
    """wayvnc in sway without a screen; its viewer is rfb.py."""
    programs = ("sway", "wayvnc")
    encoding = rfb.ZRLE
    hz = 60  # also for an app at 30: then no picture waits for a slow clock

    def start(self):
        runtime = self.directory / "runtime"
        runtime.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(runtime, USER)
        config = self.directory / "sway.conf"
        config.write_text("xwayland disable\ndefault_border none\n"
                          f"output HEADLESS-1 mode {bar.WIDTH}x{bar.HEIGHT}@{self.hz}Hz\n")
        env = {"XDG_RUNTIME_DIR": str(runtime), "HOME": str(runtime), "WLR_BACKENDS": "headless",
               "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
        self.run(["sway", "-c", str(config)], env=env, user=USER)
        socket_of = lambda: [p for p in runtime.glob("wayland-*") if p.suffix != ".lock"]  # noqa: E731
        wait_until("sway's socket", socket_of)
        self._display = socket_of()[0]
        cert, key = self.certificate()
        settings = self.directory / "wayvnc.conf"
        settings.write_text("enable_auth=true\nusername=bench\npassword=bench\n"
                            f"private_key_file={key}\ncertificate_file={cert}\n")
        self.run(["wayvnc", "-C", str(settings), "-f", str(self.hz), "127.0.0.1", str(self.port)],
                 env={**env, "WAYLAND_DISPLAY": self._display.name}, user=USER)
        self.await_port("wayvnc")

    def app_env(self):
        return {"XDG_RUNTIME_DIR": str(self._display.parent), "WAYLAND_DISPLAY": self._display.name}

    def view(self, seconds):
        viewer = rfb.Viewer(socket.create_connection(("127.0.0.1", self.port)), self.encoding, "bench", "bench")
        self._updates = viewer.updates
        self.in_thread(lambda: viewer.run(self._stop.is_set))

    def sightings(self):
        return rfb_pixels.sightings(self._updates)


class WayvncJpeg(Wayvnc):
    programs = (*Wayvnc.programs, "ffmpeg")
    encoding = rfb.TIGHT


class Gstreamer(Server):
    """An Xvfb grabbed by a GStreamer pipeline for each viewer, behind socat's TLS; its viewer keeps the bytes."""
    programs = ("Xvfb", "gst-launch-1.0", "socat", "ffmpeg")
    display = "x11"

    @classmethod
    def missing(cls):
        reason = super().missing()
        if reason:
            return reason
        for element in ("ximagesrc", "x264enc"):
            if subprocess.run(["gst-inspect-1.0", "--exists", element]).returncode != 0:
                return f"GStreamer has no {element} (tools/install bench)"
        return None

    def start(self):
        self._screen = self.x_server(True)
        cert, key = self.certificate()
        pipeline = ("gst-launch-1.0 -q ximagesrc use-damage=false show-pointer=false ! "
                    f"video/x-raw,framerate={self.fps}/1 ! videoconvert ! video/x-raw,format=I420 ! "
                    "x264enc speed-preset=ultrafast tune=zerolatency threads=1 pass=qual quantizer=22 "
                    "bitrate=20000 key-int-max=100000 ! "
                    "video/x-h264,stream-format=byte-stream,alignment=au ! fdsink fd=1 sync=false")
        (self.directory / "pipeline").write_text("exec " + pipeline + "\n")
        self.run(["socat", f"OPENSSL-LISTEN:{self.port},bind=127.0.0.1,reuseaddr,nodelay,verify=0,"
                  f"cert={cert},key={key}", f"EXEC:sh {self.directory / 'pipeline'}"], env={"DISPLAY": self._screen})
        self.await_port("socat")

    def app_env(self):
        return {"DISPLAY": self._screen}

    def view(self, seconds):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        stream = context.wrap_socket(socket.create_connection(("127.0.0.1", self.port)))
        stream.settimeout(0.2)
        self._arrived = []  # (time, bytes until then)
        self.in_thread(lambda: self._receive(stream))

    def _receive(self, stream):
        total = 0
        with open(self.directory / "video", "wb") as out:
            while not self._stop.is_set():
                try:
                    data = stream.recv(1 << 18)
                except TimeoutError:
                    continue
                now = time.monotonic()
                if not data:
                    raise ConnectionError(f"the pipeline ended: {self.log('socat')}")
                out.write(data)
                total += len(data)
                self._arrived.append((now, total))
        stream.close()

    def sightings(self):
        data = (self.directory / "video").read_bytes()
        # Each picture begins with an access unit delimiter (ITU-T H.264, 7.3.2.4), so it ends before the next one.
        starts, at = [], data.find(b"\0\0\0\1\x09")
        while at >= 0:
            starts.append(at)
            at = data.find(b"\0\0\0\1\x09", at + 5)
        seen, arrival = [], iter(self._arrived)
        when, total = next(arrival)
        for end_of_picture, units in zip(starts[1:], bar.stamps_of_h264(self.directory / "video")):
            while total < end_of_picture:
                when, total = next(arrival)
            if units is not None:
                seen.append((when, units))
        return seen


class WestonRdp(Screened):
    """weston with its RDP back end, RemoteFX; its viewer is xfreerdp."""
    programs = ("weston", "xfreerdp", "Xvfb")

    def start(self):
        cert, key = self.certificate()
        self.run(["weston", "--backend=rdp-backend.so", "--address=127.0.0.1", f"--port={self.port}", "--no-config",
                  f"--width={bar.WIDTH}", f"--height={bar.HEIGHT}", f"--rdp-tls-cert={cert}", f"--rdp-tls-key={key}",
                  "--idle-time=0", "--shell=kiosk-shell.so", "--socket=phone"],
                 env={"XDG_RUNTIME_DIR": str(self.directory)})
        self.await_port("weston")

    def app_env(self):
        return {"XDG_RUNTIME_DIR": str(self.directory), "WAYLAND_DISPLAY": "phone"}

    def view(self, seconds):
        self.show(["xfreerdp", f"/v:127.0.0.1:{self.port}", "/cert:ignore", f"/w:{bar.WIDTH}", f"/h:{bar.HEIGHT}",
                   "/bpp:32", "/u:bench", "/p:bench", "/rfx", "/log-level:WARN", "-grab-keyboard"])
        # An app that draws before the viewer is there is never asked for another frame.
        wait_until("xfreerdp to connect", lambda: "xf_peer_activate" in self.log("weston"))
        time.sleep(0.5)


class Xpra(Screened):
    """An Xpra desktop session; its viewer is `xpra attach`."""
    programs = ("xpra", "Xvfb")
    display = "x11"

    def start(self):
        cert, key = self.certificate()
        both = self.directory / "both.pem"
        both.write_text(pathlib.Path(key).read_text() + pathlib.Path(cert).read_text())
        self._runtime = self.directory / "runtime"
        self._runtime.mkdir(mode=0o700)
        self._env = {"XDG_RUNTIME_DIR": str(self._runtime), "HOME": str(self._runtime)}
        # Xpra wants to choose its X server's command line, so a free display is looked for here.
        number = next(n for n in range(100, 400) if not pathlib.Path(f"/tmp/.X11-unix/X{n}").exists())
        self._screen = f":{number}"
        extras = "mdns dbus-proxy dbus-control notifications pulseaudio webcam printing systemd-run html clipboard"
        self.run(["xpra", "start-desktop", self._screen, "--no-daemon", f"--bind-ssl=127.0.0.1:{self.port}",
                  f"--ssl-cert={both}", f"--xvfb=Xvfb +extension Composite -screen 0 {bar.WIDTH}x{bar.HEIGHT}x24 "
                  f"-nolisten tcp -noreset -auth {self._runtime}/xauth", *(f"--{name}=no" for name in extras.split()),
                  "--dbus-launch=", "--start=true", "--exit-with-children=no", "--speaker=off", "--microphone=off",
                  "--file-transfer=off"], env=self._env)
        self.await_port("xpra")

    def app_env(self):
        return {"DISPLAY": self._screen, "XAUTHORITY": str(self._runtime / "xauth")}

    def view(self, seconds):
        self.show(["xpra", "attach", f"ssl://127.0.0.1:{self.port}/", "--ssl-server-verify-mode=none",
                   "--ssl-check-hostname=no", "--opengl=no", "--tray=no", "--speaker=off", "--microphone=off",
                   "--clipboard=no", "--notifications=no", "--mdns=no", "--mmap=no"], env=self._env)
        wait_until("xpra's viewer to attach", lambda: "Attached to" in self.log("xpra"), 30)
