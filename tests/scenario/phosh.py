#!/usr/bin/env python3
"""The demo image as a person meets it: a Phosh phone in its container, seen and touched through the stream.
The image is built at the first run, which takes minutes; later runs find it in the cache."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import case, run_cases  # noqa: E402
from host import Host  # noqa: E402
from pixels import colours, difference, last_picture  # noqa: E402
from stack import Failure, wait_until  # noqa: E402
from traces import processes, tag_of  # noqa: E402

WIDTH, HEIGHT = 720, 1280
SCALE = "2"  # as the image draws; a viewer of another density gets a picture of another size than it asked for
CONSOLE = "0.12,0.255"  # the first of the favourites in the overview
START_S = 900


class Phosh:
    """A host with one demo phone, whose overview is there."""

    def __enter__(self):
        self.host = Host(image="demo", start_s=START_S)
        self.host.__enter__()
        try:
            self.phone = self.host.phone("Demo", image="demo")
            wait_until("the phone's first picture", lambda: self.host.showing(self.phone), 60)
            self.overview = wait_until("the shell's icons", self.icons, 60)
        except BaseException:
            self.host.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.host.__exit__()

    def icons(self):
        picture = self.picture("overview", "--seconds", "2")
        return picture if colours(picture) >= 12 else None

    def picture(self, name, *args, width=WIDTH, height=HEIGHT):
        path = self.host.path / f"{name}.h264"
        report = self.host.view(self.phone, "--size", f"{width}x{height}", "--scale", SCALE, "--dump", str(path), *args)
        if report["frames"] == 0:
            raise Failure(f"{name}: no frame came\n{self.host.log()}")
        return last_picture(path, width, height)

    def running(self, program):
        return any(program in line and "conmon" not in line for line in processes(self.host, tag_of(self.host.run)))


@case("Phosh shows its overview, and a tap opens a terminal that hears the keyboard", needs=["ffmpeg"])
def terminal():
    with Phosh() as phosh:
        if phosh.running("kgx"):
            raise Failure("the terminal runs before anyone opened it")
        phosh.picture("tap", "--seconds", "4", "--tap", CONSOLE)
        wait_until("the terminal to start", lambda: phosh.running("kgx"))

        def opened():
            return difference(phosh.overview, phosh.picture("terminal", "--seconds", "2")) > 0.3
        wait_until("the terminal's window", opened, 40)
        phosh.host.view(phosh.phone, "--seconds", "4", "--size", f"{WIDTH}x{HEIGHT}", "--scale", SCALE,
                        "--type", "echo heard > heard\n")
        heard = pathlib.Path(f"/proc/{phosh.host.init_pid(phosh.phone)}/root/home/phone/heard")
        wait_until("what was typed", lambda: heard.exists() and heard.read_text() == "heard\n")


@case("Phosh follows the size of the viewer's window", needs=["ffmpeg"])
def resize():
    with Phosh() as phosh:
        for width, height in ((480, 960), (1280, 720), (WIDTH, HEIGHT)):
            def whole():
                name = f"{width}x{height}"
                return colours(phosh.picture(name, "--seconds", "3", width=width, height=height)) >= 12
            wait_until(f"icons at {width}x{height}", whole, 40)


@case("Phosh lives through the engine's death", needs=["ffmpeg"])
def engine_restart():
    with Phosh() as phosh:
        old = phosh.host.pid("engine")
        subprocess.run(["kill", "-9", str(old)], check=True)
        wait_until("the phone's picture", lambda: phosh.host.showing(phosh.phone), 60)
        wait_until("the shell's icons", phosh.icons, 60)


if __name__ == "__main__":
    run_cases()
