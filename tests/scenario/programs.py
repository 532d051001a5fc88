#!/usr/bin/env python3
"""Programs no one here wrote, as a phone's apps: pictures that are not blank come to a viewer, and the viewer's
input reaches them. Each runs as a plain process on the phone's Wayland socket against the real engine."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import case, run_cases  # noqa: E402
from pixels import colours, difference, last_picture  # noqa: E402
from stack import Failure, Stack, wait_until  # noqa: E402

WIDTH, HEIGHT = 720, 1280


def picture(stack, name, *args, seconds=2):
    path = stack.path / f"{name}.h264"
    report = stack.view("--seconds", str(seconds), "--size", f"{WIDTH}x{HEIGHT}", "--dump", str(path), *args)
    if report["frames"] == 0:
        raise Failure(f"{name}: no frame came\n" + stack.log())
    return last_picture(path, WIDTH, HEIGHT)


def content(stack, seconds=30):
    wait_until("the program's first picture", lambda: stack.status()["has_content"], seconds)


def shows(command, env=None, least_colours=2, seconds=2, start_s=30):
    with Stack() as stack:
        stack.phone()
        stack.run(command, env=env)
        content(stack, start_s)
        seen = colours(picture(stack, "picture", seconds=seconds))
        if seen < least_colours:
            raise Failure(f"the picture shows {seen} colours, at least {least_colours} were expected\n" + stack.log())


def answers_keys(command_of, env=None, start_s=30, user=None):
    """Types a line into a shell in a terminal; the shell writes what it read to a file."""
    with Stack() as stack:
        stack.phone()
        folder = stack.path / "listener"
        folder.mkdir()
        folder.chmod(0o777)
        heard = folder / "heard"
        script = stack.path / "listen.sh"
        script.write_text(f"#!/bin/sh\nread line\nprintf '%s' \"$line\" > {heard}.new\nmv {heard}.new {heard}\nsleep 60\n")
        script.chmod(0o755)
        stack.run(command_of(str(script)), env=env, user=user)
        content(stack, start_s)
        picture(stack, "before", seconds=1)
        stack.view("--seconds", "3", "--size", f"{WIDTH}x{HEIGHT}", "--type", "Hello, phone!\n")
        wait_until("the typed line", heard.exists, 10)
        if heard.read_text() != "Hello, phone!":
            raise Failure(f"the terminal heard {heard.read_text()!r}")


def reacts(command, point, env=None, start_s=30, least=0.002):
    """A tap changes the picture."""
    with Stack() as stack:
        stack.phone()
        stack.run(command, env=env)
        content(stack, start_s)
        before = picture(stack, "before")
        after = picture(stack, "after", "--tap", f"{point[0]},{point[1]}", seconds=3)
        share = difference(before, after)
        if share < least:
            raise Failure(f"the tap changed {share:.4%} of the picture")


@case("weston-simple-shm shows its rings", needs=["weston-simple-shm"])
def simple_shm():
    shows(["weston-simple-shm"])


@case("foot answers the keyboard", needs=["foot"])
def foot():
    answers_keys(lambda script: ["foot", "--config=/dev/null", script])


@case("weston-terminal answers the keyboard", needs=["weston-terminal"])
def weston_terminal():
    answers_keys(lambda script: ["weston-terminal", f"--shell={script}"])


@case("a GTK 3 program shows and reacts to a tap", needs=["gtk3-widget-factory"])
def gtk3():
    reacts(["gtk3-widget-factory"], (0.9, 0.018), least=0.1)  # the tab "Page 2"


@case("a GTK 4 program shows and reacts to a tap", needs=["gtk4-widget-factory"])
def gtk4():
    reacts(["gtk4-widget-factory"], (0.966, 0.018), env={"GSK_RENDERER": "cairo"}, least=0.1)


@case("Chromium on ozone-wayland shows a page and reacts to a tap", needs=["chromium"])
def chromium():
    page = "data:text/html,<body style='margin:0;background:%23eee'><button style='font-size:80px;width:100%25;height:100vh' " \
           "onclick=\"document.body.innerHTML='<div style=background:%23c33;height:100vh></div>'\">press</button>"
    with Stack() as stack:
        stack.phone()
        profile = stack.path / "profile"
        stack.run(["chromium", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--ozone-platform=wayland",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync", "--kiosk",
                   f"--user-data-dir={profile}", page])
        content(stack, 60)
        before = picture(stack, "before", seconds=4)
        after = picture(stack, "after", "--tap", "0.5,0.5", seconds=4)
        if difference(before, after) < 0.2:
            raise Failure("the tap did not change the page")


@case("cage nested shows its app", needs=["cage", "foot"])
def cage():
    env = {"WLR_BACKENDS": "wayland", "WLR_RENDERER": "pixman", "WLR_RENDERER_ALLOW_SOFTWARE": "1"}
    answers_keys(lambda script: ["cage", "--", "foot", "--config=/dev/null", script], env=env,
                 user="nobody")  # cage refuses to run as root


@case("phoc nested shows its app", needs=["phoc", "foot"])
def phoc():
    env = {"WLR_BACKENDS": "wayland", "WLR_RENDERER": "pixman", "GSETTINGS_BACKEND": "memory"}
    with Stack() as stack:
        stack.phone()
        ini = stack.path / "phoc.ini"
        ini.write_text(f"[output:WL-1]\nmode = {WIDTH}x{HEIGHT}\nscale = 1\n")
        stack.run(["phoc", "-C", str(ini), "-E", "foot --config=/dev/null"], env=env)
        content(stack)
        seen = wait_until("foot inside phoc", lambda: colours(picture(stack, "picture"), step=13) >= 2, 20)
        if not seen:
            raise Failure("phoc's picture is blank")


if __name__ == "__main__":
    run_cases()
