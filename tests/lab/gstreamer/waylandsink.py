#!/usr/bin/env python3
"""GStreamer's waylandsink as an app that draws into dma-bufs of a video device: the kernel's vim2m converts, its buffers
go to the display as they are. Method: tests/support/stack.py; the sink's own protocol log says that they were dma-bufs."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from cases import Skip, case, run_cases  # noqa: E402
from pixels import colours, last_picture  # noqa: E402
from stack import Failure, Stack, pictures, wait_until  # noqa: E402

WIDTH, HEIGHT = 360, 640


@case("dma-bufs of a video device are shown", needs=["gst-launch-1.0", "gst-inspect-1.0", "ffmpeg"])
def device():
    for element in ("waylandsink", "v4l2convert"):
        if subprocess.run(["gst-inspect-1.0", element], capture_output=True).returncode != 0:
            raise Skip(f"GStreamer has no {element} here")
    with Stack() as stack:
        stack.phone()
        log = stack.path / "sink.log"
        stack.run(["sh", "-c", "exec gst-launch-1.0 videotestsrc is-live=true ! video/x-raw,format=RGB,width=320,height=240,"
                   f"framerate=15/1 ! v4l2convert capture-io-mode=dmabuf ! video/x-raw,format=RGB16 ! waylandsink > {log} 2>&1"],
                  env={"WAYLAND_DEBUG": "1"})
        try:
            wait_until("the sink's first picture", lambda: stack.status()["has_content"])
        except Failure as failure:
            raise Failure(f"{failure}\n{log.read_text(errors='replace')[-3000:]}") from failure
        path = stack.path / "bars.h264"
        stack.view(*pictures(2), "--size", f"{WIDTH}x{HEIGHT}", "--dump", str(path))
        seen = colours(last_picture(path, WIDTH, HEIGHT), step=97)
        if seen < 6:
            raise Failure(f"the bars show {seen} colours")
        if "zwp_linux_buffer_params_v1" not in log.read_text(errors="replace"):
            raise Failure("the sink used no dma-buf:\n" + log.read_text(errors="replace")[-3000:])


if __name__ == "__main__":
    run_cases()
