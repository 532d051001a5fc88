"""Decodes what a viewer recorded (H.264, Annex B) with ffmpeg and looks at the pictures."""
import subprocess

from stack import Failure


def last_picture(path, width, height):
    """The last decoded picture as bytes of RGB; fails when its size is not width x height."""
    probe = subprocess.run(["ffprobe", "-v", "error", "-f", "h264", "-show_entries", "frame=width,height", "-of", "csv=p=0",
                            str(path)], capture_output=True, text=True)
    shapes = probe.stdout.split()
    if not shapes or shapes[-1].rstrip(",") != f"{width},{height}":
        raise Failure(f"the last picture of {path} is {shapes[-1:]}, not {width}x{height}: {probe.stderr[:500]}")
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "h264", "-i", str(path), "-autoscale", "0", "-f", "rawvideo",
                           "-pix_fmt", "rgb24", "-"], capture_output=True)
    size = width * height * 3
    if done.returncode != 0 or len(done.stdout) < size:
        raise Failure(f"{path} does not decode to {width}x{height}: {done.stderr.decode(errors='replace')[:500]}")
    return done.stdout[-size:]


def colours(picture, step=997):
    """How many clearly different colours a sample of the picture shows."""
    seen = set()
    for i in range(0, len(picture) - 2, 3 * step):
        seen.add((picture[i] // 24, picture[i + 1] // 24, picture[i + 2] // 24))
    return len(seen)


def difference(a, b, step=31):
    """Share of sampled pixels that differ clearly."""
    count = changed = 0
    for i in range(0, min(len(a), len(b)) - 2, 3 * step):
        count += 1
        if any(abs(a[i + c] - b[i + c]) > 32 for c in range(3)):
            changed += 1
    return changed / max(count, 1)
