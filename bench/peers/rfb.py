"""A VNC viewer for wayvnc (RFC 6143, VeNCrypt 0.2 with X509Plain): takes updates, keeps their bytes with the time at
which each was complete; rfb_pixels.py looks for the picture's time in them after the measurement, so that decoding
costs no latency and no CPU beside the server."""
import select
import ssl
import struct
import time

ZRLE, TIGHT = 16, 7
JPEG_QUALITY = -23  # pseudo-encoding: JPEG of the best quality; neatvnc knows only this and the worst (-32)


class Viewer:
    def __init__(self, sock, encoding, user, password):
        self._sock, self._encoding = sock, encoding
        self._buffer, self._at = bytearray(), 0
        self._poll_s = 0.1
        self.updates = []  # (time.monotonic() when complete, [(x, y, width, height, encoding, data)])
        self._shake_hands(user, password)

    def _fill(self):
        if not self._sock.pending() and not select.select([self._sock], [], [], self._poll_s)[0]:
            return
        data = self._sock.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data

    def _take(self, count):
        deadline = time.monotonic() + 10
        while len(self._buffer) - self._at < count:
            if time.monotonic() > deadline:
                raise ConnectionError(f"waited 10 s for {count} bytes")
            self._fill()
        self._at += count
        return bytes(self._buffer[self._at - count:self._at])

    def _read(self, form):
        return struct.unpack(">" + form, self._take(struct.calcsize(">" + form)))

    def _plain(self, count):
        data = b""
        while len(data) < count:
            part = self._sock.recv(count - len(data))
            if not part:
                raise ConnectionError("the server closed the connection during the handshake")
            data += part
        return data

    def _shake_hands(self, user, password):
        self._sock.settimeout(10)
        self._plain(12)
        self._sock.sendall(b"RFB 003.008\n")
        types = self._plain(self._plain(1)[0])
        if 19 not in types:
            raise ConnectionError(f"the server offers no VeNCrypt, only {list(types)}")
        self._sock.sendall(b"\x13")
        self._plain(2)
        self._sock.sendall(b"\0\2")
        if self._plain(1) != b"\0":
            raise ConnectionError("the server refuses VeNCrypt 0.2")
        self._plain(4 * self._plain(1)[0])
        self._sock.sendall(struct.pack(">I", 262))  # X509Plain
        if self._plain(1) != b"\1":
            raise ConnectionError("the server refuses X509Plain")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._sock = context.wrap_socket(self._sock)
        self._send(struct.pack(">II", len(user), len(password)) + user.encode() + password.encode())
        if self._read("I")[0] != 0:
            raise ConnectionError("the server refuses the password")
        self._send(b"\1")
        self.width, self.height, _, name_bytes = self._read("HH16sI")
        self._take(name_bytes)
        encodings = [self._encoding] + ([JPEG_QUALITY] if self._encoding == TIGHT else [])
        self._send(struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0) +
                   struct.pack(f">BxH{len(encodings)}i", 2, len(encodings), *encodings))

    def _send(self, data):
        self._sock.sendall(data)

    def _ask(self, incremental):
        self._send(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))

    def run(self, until):
        """Takes updates until `until()`. Asks for the next one as soon as one begins, as pipelining viewers do."""
        self._ask(0)
        while not until():
            if len(self._buffer) == self._at:
                self._buffer.clear()
                self._at = 0
                self._fill()
                continue
            kind = self._read("B")[0]
            if kind == 0:
                self._ask(1)
                rectangles = [self._rectangle() for _ in range(self._read("xH")[0])]
                self.updates.append((time.monotonic(), rectangles))
            elif kind == 3:
                self._take(self._read("3xI")[0])
            elif kind != 2:
                raise ConnectionError(f"message {kind} was not asked for")
        self._sock.close()

    def _rectangle(self):
        x, y, width, height, encoding = self._read("HHHHi")
        if encoding == ZRLE:
            data = self._take(self._read("I")[0])
        elif encoding == TIGHT:
            data = self._tight(width, height)
        elif encoding == 0:
            data = self._take(width * height * 4)
        else:
            raise ConnectionError(f"encoding {encoding} was not asked for")
        return x, y, width, height, encoding, data

    def _compact(self):
        value = shift = 0
        while True:
            byte = self._read("B")[0]
            value |= (byte & (0x7F if shift < 14 else 0xFF)) << shift
            shift += 7
            if byte < 0x80 or shift > 14:
                return value

    def _tight(self, width, height):
        """(control byte, data); neatvnc sends JPEG and plain pixels, no palettes and no gradients."""
        control = self._read("B")[0]
        if control >> 4 == 9:
            return control, self._take(self._compact())
        if control >> 4 == 8:
            return control, self._take(3)
        if control & 0x40:
            raise ConnectionError("a Tight filter, which this viewer does not know")
        size = width * height * 3
        return control, self._take(size if size < 12 else self._compact())
