"""A slow, far link in front of a port: the program rp_link_proxy, ended with its `with` block.

    with Link(stack.port, rate_kbps=2000, delay_ms=50) as link:
        stack.view(port=link.port)

A link that loses packets, which a relay of TCP cannot show: the program rp_load_link (root).

    with LossyLink(rate_kbps=2000, delay_ms=50, loss_percent=1) as link, Stack(address=link.engine) as stack:
        stack.view(namespace=link.namespace)
"""
import json
import subprocess
import time

from stack import BUILD, Failure, end


class Link:
    def __init__(self, target_port, rate_kbps=0, delay_ms=0, queue_bytes=64_000):
        """rate_kbps shapes what comes from the target (0: not at all); delay_ms is one way, both ways. queue_bytes
        may wait in front of the rate; a queue that is full stops the target's TCP, which on a loopback interface with its
        large segments can take 200 ms to go on: a benchmark of rates takes a deep one."""
        self._command = [str(BUILD / "bin/rp_link_proxy"), "--listen", "127.0.0.1:0", "--to", f"127.0.0.1:{target_port}",
                         "--rate-kbps", str(rate_kbps), "--delay-ms", str(delay_ms),
                         "--queue-bytes", str(queue_bytes)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = self._process.stdout.readline().split()
        if len(words) != 2 or words[0] != "listening":
            end(self._process)
            raise Failure(f"rp_link_proxy did not say where it listens but {' '.join(words)!r}")
        self.port = int(words[1])
        return self

    def rate(self, kbps):
        """From now on; what waits in front of the rate leaves at the new one. Returns time.monotonic() of the change."""
        self._process.stdin.write(f"rate {kbps}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        if answer[:1] != ["ok"]:
            raise Failure(f"rp_link_proxy did not take a rate of {kbps} kb/s: {' '.join(answer)!r}")
        return time.monotonic()

    def __exit__(self, *_):
        end(self._process)
        self._process.stdin.close()
        self._process.stdout.close()


class LossyLink:
    def __init__(self, rate_kbps=0, delay_ms=0, loss_percent=0, seed=1):
        """delay_ms is one way, both ways; each way loses so many packets; the rate is of what goes to the viewer."""
        conditions = [f"rate={rate_kbps}kbit"] * (rate_kbps > 0) + [f"delay={delay_ms}ms"] * (delay_ms > 0)
        conditions += [f"loss={loss_percent}%"] * (loss_percent > 0)
        self._command = [str(BUILD / "bin/rp_load_link"), "--network", ",".join(conditions), "--seed", str(seed)]

    def __enter__(self):
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise Failure(f"rp_load_link ended with {self._process.returncode}")
        said = json.loads(line)
        self.engine, self.namespace, self.made_by = said["engine"], said["namespace"], said["made_by"]
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()
