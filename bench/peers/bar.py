"""Reads the time that the workload draws into its pictures (bench/peers/app/scene.h)."""
import mmap
import subprocess
import time

WIDTH, HEIGHT = 720, 1280
CELL, CELLS = 16, 38
# Where one pixel of each cell lies: its column, and the row of either bar.
COLUMNS = [cell * CELL + CELL // 2 for cell in range(CELLS)]
ROWS = (CELL // 2, HEIGHT - CELL // 2)
UNITS_PER_S, WRAP = 10_000, 1 << 28


def stamp(bits):
    """The bar's time in units of 100 µs, from its 38 cells as 0 or 1; None when they are no whole bar."""
    value = 0
    for bit in bits:
        value = value << 1 | bit
    units, check = value >> 8 & (WRAP - 1), value & 0xFF
    if value >> 36 != 0b10 or sum(units >> shift & 0xFF for shift in (0, 8, 16, 24)) & 0xFF != check:
        return None
    return units


def age_ms(units, seen_s):
    """How old a picture with this time was at `seen_s` of time.monotonic()."""
    now = int(seen_s * UNITS_PER_S)
    return ((now - units) % WRAP) / UNITS_PER_S * 1000


def stamps_of_h264(path):
    """The time of each picture of a raw H.264 file in order, None where its bars are damaged or disagree."""
    row = CELLS * CELL
    crop = (f"split[a][b];[a]crop={row}:2:0:{ROWS[0]}:exact=1[top];[b]crop={row}:2:0:{ROWS[1]}:exact=1[bottom];"
            "[top][bottom]vstack")
    done = subprocess.run(
        ["ffmpeg", "-v", "fatal", "-f", "h264", "-i", str(path), "-vf", crop, "-fps_mode", "passthrough",
         "-pix_fmt", "gray", "-f", "rawvideo", "-"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    found = []
    for at in range(0, len(done.stdout), 4 * row):
        picture = done.stdout[at:at + 4 * row]
        top = stamp(picture[x] > 127 for x in COLUMNS)
        bottom = stamp(picture[2 * row + x] > 127 for x in COLUMNS)
        found.append(top if top == bottom else None)
    return found


class ScreenWatch:
    """Watches the memory of an Xvfb (the file that its -fbdir makes, in XWD's format), in which a viewer draws."""

    def __init__(self, path):
        with open(path, "rb") as screen:
            self._memory = mmap.mmap(screen.fileno(), 0, prot=mmap.PROT_READ)
        fields = [int.from_bytes(self._memory[i:i + 4], "big") for i in range(0, 100, 4)]
        pixels = fields[0] + 12 * fields[19]  # after the header and the colour map
        # Green, of blue, green, red, unused.
        self._top, self._bottom = ([pixels + row * fields[12] + 4 * x + 1 for x in COLUMNS] for row in ROWS)
        self.seen = []  # (time.monotonic(), stamp) of each picture when it was first whole

    def run(self, until):
        """Notes new pictures until `until()`; looks about 1000 times a second."""
        memory = self._memory
        while not until():
            time.sleep(0.001)
            upper = stamp(memory[i] > 127 for i in self._top)
            if upper is None or (self.seen and self.seen[-1][1] == upper):
                continue
            if stamp(memory[i] > 127 for i in self._bottom) == upper:
                self.seen.append((time.monotonic(), upper))
