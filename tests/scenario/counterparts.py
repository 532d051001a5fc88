#!/usr/bin/env python3
"""Tools no one here wrote, as the engine's counterparts: ffmpeg reads the stream it makes, GStreamer's waylandsink draws
into its display. v4l2-ctl and openssl s_client stand beside the drivers in the kernel lab (tests/lab)."""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from pixels import colours, difference, last_picture  # noqa: E402
from stack import BUILD, Failure, Stack, pictures, wait_until  # noqa: E402

WIDTH, HEIGHT = 360, 640


def recorded(stack, name, count, *args):
    path = stack.path / f"{name}.h264"
    report = stack.view(*pictures(count), "--size", f"{WIDTH}x{HEIGHT}", "--dump", str(path), *args)
    return path, report


def expect(condition, text):
    if not condition:
        raise Failure(text)


def read_by_ffmpeg(encoder):
    with Stack(encoder=encoder) as stack:
        table = {row["name"]: row for row in stack.call("GET", "/v1/health")["encoders"]}
        expect(table[encoder]["used"], f"{encoder} is not the one in use: {table}")
        stack.phone()
        stack.run([str(BUILD / "bin/rackphone-test-app"), "scroll"])
        wait_until("the app's first picture", lambda: stack.status()["has_content"])
        path, report = recorded(stack, encoder, 30)
        probe = subprocess.run(["ffprobe", "-v", "error", "-f", "h264", "-show_frames", "-show_streams", "-of", "json", str(path)],
                               capture_output=True, text=True)
        said = json.loads(probe.stdout)
        stream, frames = said["streams"][0], said["frames"]
        expect(probe.stderr == "", f"ffprobe complains: {probe.stderr[:500]}")
        expect(len(frames) == report["frames"], f"ffprobe sees {len(frames)} pictures, the viewer saw {report['frames']}")
        expect((stream["width"], stream["height"]) == (WIDTH, HEIGHT), f"another size: {stream}")
        colour = [stream.get(f"color_{what}") for what in ("primaries", "transfer", "space", "range")]
        expect(colour == ["bt709", "iec61966-2-1", "smpte170m", "tv"], f"other colours: {colour}")
        expect(stream["has_b_frames"] == 0, "pictures are reordered")
        expect(frames[0]["key_frame"] == 1 and {f["pict_type"] for f in frames} <= {"I", "P"}, "other kinds of pictures")
        keys = sum(f["key_frame"] for f in frames)
        expect(keys == report["key_frames"], f"ffprobe sees {keys} key frames, the viewer was told {report['key_frames']}")
        decoded = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-f", "h264", "-i", str(path), "-f", "null", "-"],
                                 capture_output=True, text=True)
        expect(decoded.returncode == 0 and decoded.stderr == "", f"ffmpeg complains: {decoded.stderr[:500]}")


@case("ffmpeg reads OpenH264's stream as what it is", needs=["ffmpeg", "ffprobe"])
def ffmpeg_openh264():
    read_by_ffmpeg("openh264")


@case("ffmpeg reads x264's stream as what it is", needs=["ffmpeg", "ffprobe"])
def ffmpeg_x264():
    try:
        read_by_ffmpeg("x264")
    except Failure as failure:
        if "RP_X264" in str(failure):
            raise Skip("this build has no libx264") from failure
        raise


@case("GStreamer's waylandsink shows its bars and their motion", needs=["gst-launch-1.0", "gst-inspect-1.0"])
def waylandsink():
    if subprocess.run(["gst-inspect-1.0", "waylandsink"], capture_output=True).returncode != 0:
        raise Skip("no waylandsink: apt-get install gstreamer1.0-plugins-bad")
    with Stack() as stack:
        stack.phone()
        # Shared memory: the sink passes dma-bufs on only from a device, as tests/lab/gstreamer has it.
        stack.run(["gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "horizontal-speed=9", "!",
                   "video/x-raw,format=BGRx,width=320,height=240,framerate=15/1", "!", "waylandsink"])
        wait_until("the sink's first picture", lambda: stack.status()["has_content"])
        first = last_picture(recorded(stack, "first", 2)[0], WIDTH, HEIGHT)
        seen = colours(first, step=97)
        expect(seen >= 6, f"the bars show {seen} colours")
        later = last_picture(recorded(stack, "later", 5)[0], WIDTH, HEIGHT)
        expect(difference(first, later) > 0.05, "the bars do not move")


if __name__ == "__main__":
    run_cases()
