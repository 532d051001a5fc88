"""What a viewer wrote with --timeline: each picture that came, with its times in seconds of CLOCK_MONOTONIC, which
time.monotonic() shares."""


class Picture:
    def __init__(self, line):
        received, sent, committed, size, _, _ = (int(word) for word in line.split(","))
        self.received_s, self.sent_s, self.committed_s, self.bits = received / 1e6, sent / 1e6, committed / 1e6, size * 8


def read_timeline(path):
    return [Picture(line) for line in path.read_text().splitlines()]


def ages_ms(pictures, begin_s, end_s):
    """Age of the newest picture there is at each 5 ms of the time given, sorted."""
    ages, newest, i = [], None, 0
    for step in range(int((end_s - begin_s) / 0.005)):
        now = begin_s + step * 0.005
        while i < len(pictures) and pictures[i].received_s <= now:
            newest = pictures[i].committed_s
            i += 1
        if newest is not None:
            ages.append(1000 * (now - newest))
    return sorted(ages)


def quantiles(values):
    """Of sorted values, at least one."""
    return {"p50": round(values[len(values) // 2]), "p95": round(values[len(values) * 95 // 100]), "max": round(values[-1])}
