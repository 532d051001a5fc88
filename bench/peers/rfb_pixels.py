"""Finds the workload's time in the updates that rfb.py has kept: ZRLE (RFC 6143, 7.7.6) and Tight's JPEG tiles."""
import subprocess
import zlib

import bar
from rfb import TIGHT, ZRLE

TILE = 64


class Canvas:
    """The cells of the upper bar as they stand after each update."""

    def __init__(self):
        self._bits = [0] * bar.CELLS
        self._inflate = zlib.decompressobj()

    def apply(self, x, y, width, height, encoding, data, grey_tiles):
        """`grey_tiles`: the decoded JPEG tiles still to come, in order."""
        if encoding == ZRLE:
            self._zrle(x, y, width, height, self._inflate.decompress(data))
        elif encoding == 0:
            self._pixels(x, y, width, height, lambda i: data[4 * i + 1])
        elif shows_bar(x, y, width, height, encoding, data):
            self._pixels(x, y, width, height, next(grey_tiles).__getitem__)

    def stamp(self):
        return bar.stamp(self._bits)

    def _pixels(self, x, y, width, height, green):
        """`green(i)` is the green of pixel i of this rectangle."""
        row = bar.ROWS[0] - y
        if not 0 <= row < height:
            return
        for cell, column in enumerate(bar.COLUMNS):
            if x <= column < x + width:
                self._bits[cell] = int(green(row * width + column - x) > 127)

    def _zrle(self, left, top, width, height, data):
        at = 0
        for y in range(top, top + height, 64):
            for x in range(left, left + width, 64):
                w, h = min(64, left + width - x), min(64, top + height - y)
                at = self._zrle_tile(x, y, w, h, data, at)

    def _zrle_tile(self, x, y, w, h, data, at):
        """One tile at `at`; returns where the next begins. A pixel has 3 bytes: blue, green, red."""
        kind, at = data[at], at + 1
        if kind == 0:
            self._pixels(x, y, w, h, lambda i: data[at + 3 * i + 1])
            return at + 3 * w * h
        if kind == 1:
            self._pixels(x, y, w, h, lambda i: data[at + 1])
            return at + 3
        if kind < 17:
            bits = 1 if kind == 2 else 2 if kind < 5 else 4
            row_bytes = (w * bits + 7) // 8
            start = at + 3 * kind

            def packed(i):
                column = i % w * bits
                index = data[start + i // w * row_bytes + column // 8] >> (8 - bits - column % 8) & ((1 << bits) - 1)
                return data[at + 3 * index + 1]
            self._pixels(x, y, w, h, packed)
            return start + row_bytes * h
        return self._zrle_runs(x, y, w, h, data, at, kind)

    def _zrle_runs(self, x, y, w, h, data, at, kind):
        palette, at = at, at + (3 * (kind - 128) if kind > 128 else 0)
        greens = bytearray()
        while len(greens) < w * h:
            if kind == 128:
                green, at, long = data[at + 1], at + 3, True
            else:
                green, long, at = data[palette + 3 * (data[at] & 0x7F) + 1], data[at] >= 128, at + 1
            run = 1
            while long:
                run, long, at = run + data[at], data[at] == 255, at + 1
            greens += bytes([green]) * run
        self._pixels(x, y, w, h, greens.__getitem__)
        return at


def shows_bar(x, y, width, height, encoding, data):
    """Whether this is a JPEG tile with a part of the upper bar in it."""
    return (encoding == TIGHT and data[0] >> 4 == 9 and y <= bar.ROWS[0] < y + height
            and any(x <= column < x + width for column in bar.COLUMNS))


def grey_tiles_of(updates):
    """Decodes those JPEG tiles, all in one go."""
    jpegs = []
    for _, rectangles in updates:
        for rectangle in rectangles:
            if shows_bar(*rectangle):
                if rectangle[2:4] != (TILE, TILE):
                    raise ValueError(f"a JPEG of {rectangle[2]}x{rectangle[3]}, where tiles of 64x64 were expected")
                jpegs.append(rectangle[5][1])
    if not jpegs:
        return iter(())
    done = subprocess.run(["ffmpeg", "-v", "error", "-f", "mjpeg", "-i", "-", "-fps_mode", "passthrough",
                           "-pix_fmt", "gray", "-f", "rawvideo", "-"],
                          input=b"".join(jpegs), stdout=subprocess.PIPE, check=True)
    size = TILE * TILE
    if len(done.stdout) != size * len(jpegs):
        raise ValueError(f"{len(jpegs)} JPEG tiles, {len(done.stdout) / size:g} decoded")
    return (done.stdout[at:at + size] for at in range(0, len(done.stdout), size))


def sightings(updates):
    """(time complete, stamp) of each update after which the bar is whole."""
    canvas, seen, grey_tiles = Canvas(), [], grey_tiles_of(updates)
    for when, rectangles in updates:
        for rectangle in rectangles:
            canvas.apply(*rectangle, grey_tiles)
        units = canvas.stamp()
        if units is not None:
            seen.append((when, units))
    return seen
