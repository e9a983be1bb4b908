"""Viewers: a process that reads many streams over epoll, and counts bytes, frames and their ages.

Of thousands of viewers, most can discard what they get: the kernel then copies nothing to them (MSG_TRUNC, tcp(7)), and
their frames are counted by their bytes.

It reads "begin" and "end" from standard input, and prints what was received in between. Load starts it.
"""

import contextlib
import json
import math
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks.parts import MjpegParts, PageParts, Parts, SocketParts
from benchmarks.processes import Helper, cpu_seconds
from benchmarks.results import percentiles

Kind = Literal["mjpeg", "websocket", "page"]
PARTS: dict[Kind, type[Parts]] = {"mjpeg": MjpegParts, "websocket": SocketParts, "page": PageParts}
READ_BYTES = 1 << 19
"""One buffer for all viewers, small enough to stay in the processor's cache."""
BATCH = 50
"""Viewers that connect at the same time: no more than the backlog of any listener."""
TEXT, PONG = 0x81, 0x8A
"""First bytes of a frame (RFC 6455, section 5.2)."""
MASK = b"\0\0\0\0"
"""A client must mask its messages; this key changes nothing."""
FIRST_PICTURE_SECONDS = 30.0
SETTLE_SECONDS, SETTLE_SECONDS_EACH = 0.4, 0.002
"""Time for an idle camera to reach its full rate, and for the TCP windows to grow."""


@dataclass(frozen=True)
class LoadResult:
    """What the viewers received during a measurement, and the CPU time of the server."""

    seconds: float
    gigabytes: float
    fps: float
    """Frames a second for each viewer."""
    least_fps: float
    """The same for the viewer that got the fewest, and below for the one that got the most; both by their bytes."""
    most_fps: float
    ages: dict[str, float]
    """Percentiles in seconds, of a frame when its viewer has received it completely."""
    cpu_seconds: float
    """CPU time of the measured processes."""
    own_cores: float
    """CPU use of the viewers in cores: at 1 they are the bottleneck, not the server."""

    @property
    def cpu_per_gigabyte(self) -> float:
        """CPU seconds for each GB (10^9 bytes) received."""
        return self.cpu_seconds / self.gigabytes


class Load:
    """Viewers in their own process. Leaving the `with` block ends it."""

    def __init__(
        self,
        kind: Kind,
        host: str,
        port: int,
        path: str,
        viewers: int,
        *,
        prefix: Sequence[str] = (),
        other_paths: Sequence[str] = (),
        read_every: int = 1,
    ) -> None:
        """Start the viewers and wait for the first frame of each.

        Args:
            kind: of the viewers.
            host: of the server.
            port: of the server.
            path: of the stream.
            viewers: how many there are.
            prefix: a command that runs the process, such as `ip netns exec`.
            other_paths: of streams that the viewers watch as well, in turn.
            read_every: of so many viewers, one reads what it gets, and the others discard it.

        Raises:
            BenchError: one gets no frame.
        """
        settings = {"kind": kind, "host": host, "port": port, "paths": [path, *other_paths], "viewers": viewers}
        self._helper = Helper("load", {**settings, "read_every": read_every}, prefix)
        try:
            self._helper.answer(FIRST_PICTURE_SECONDS * (1 + viewers / BATCH))
            time.sleep(SETTLE_SECONDS + SETTLE_SECONDS_EACH * viewers)
        except BaseException:
            self._helper.close()
            raise

    def measure(self, seconds: float, *pids: int) -> LoadResult:
        """Measure for so many seconds, with the CPU time of the processes `pids`."""
        self.begin()
        before = cpu_seconds(*pids)
        time.sleep(seconds)
        return self.end(cpu_seconds(*pids) - before)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._helper.pid

    def begin(self) -> None:
        """Start counting."""
        self._helper.ask("begin")

    def end(self, used_seconds: float = 0.0) -> LoadResult:
        """Return what was received since `begin`; `used_seconds` is the CPU time of the server."""
        return LoadResult(cpu_seconds=used_seconds, **self._helper.ask("end"))

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_error: object) -> None:
        self._helper.close()


class Viewer:
    """One connection."""

    def __init__(self, kind: Kind, host: str, port: int, path: str) -> None:
        self.parts = PARTS[kind]()
        self.kind = kind
        self.pictures = 0
        self.bytes = 0
        """Received since `begin`."""
        self.discards = False
        self.socket = socket.create_connection((host, port), timeout=FIRST_PICTURE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request(kind, host, path))
        if kind == "page":
            self.send(json.dumps({"watch": ["front"]}).encode())
        self.socket.setblocking(False)

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send a websocket frame of at most 125 bytes."""
        self.socket.send(bytes((opcode, 0x80 | len(payload))) + MASK + payload)


class Viewers:
    """All connections, and what they received since `begin`."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._viewers: dict[int, Viewer] = {}
        """By the descriptors of their connections."""
        self._buffer = memoryview(bytearray(READ_BYTES))
        self.begin()

    def begin(self) -> None:
        """Start counting."""
        self._began = time.monotonic()
        self._cpu = time.process_time()
        self.pictures = 0
        """Of the viewers that read."""
        self.ages: list[int] = []
        for viewer in self._viewers.values():
            viewer.bytes = 0

    def seen(self) -> dict[str, Any]:
        """Return what was received since `begin`."""
        seconds = time.monotonic() - self._began
        read = [viewer.bytes for viewer in self._viewers.values() if not viewer.discards]
        received = [viewer.bytes for viewer in self._viewers.values()]
        bytes_at_1_fps = seconds * sum(read) / self.pictures if self.pictures else math.inf
        return {
            "seconds": seconds,
            "gigabytes": sum(received) / 1e9,
            "fps": self.pictures / seconds / len(read),
            "least_fps": min(received) / bytes_at_1_fps,
            "most_fps": max(received) / bytes_at_1_fps,
            "ages": percentiles([age / 1e9 for age in self.ages]),
            "own_cores": (time.process_time() - self._cpu) / seconds,
        }

    def connect(self, kind: Kind, host: str, port: int, paths: Sequence[str], count: int, read_every: int) -> None:
        """Add viewers and wait for the first frame of each."""
        while len(self._viewers) < count:
            batch = []
            for number in range(len(self._viewers), min(len(self._viewers) + BATCH, count)):
                viewer = Viewer(kind, host, port, paths[number % len(paths)])
                batch.append(viewer)
                self._viewers[viewer.socket.fileno()] = viewer
                self._poll.register(viewer.socket, select.EPOLLIN)
            deadline = time.monotonic() + FIRST_PICTURE_SECONDS
            while not all(viewer.pictures for viewer in batch):
                if time.monotonic() > deadline:
                    sys.exit(f"no picture from {host}:{port} at {', '.join(paths)} in {FIRST_PICTURE_SECONDS:g} s")
                self.read_once(1.0)
            for number, viewer in enumerate(batch):
                viewer.discards = number % read_every != 0

    def serve_commands(self) -> None:
        """Read streams and commands until standard input ends."""
        self._poll.register(sys.stdin, select.EPOLLIN)
        while True:
            if self.read_once(-1):
                match os.read(sys.stdin.fileno(), 16):
                    case b"begin\n":
                        self.begin()
                        tell({})
                    case b"end\n":
                        tell(self.seen())
                    case b"":
                        return

    def read_once(self, seconds: float) -> bool:
        """Read what has arrived; return whether standard input is readable."""
        has_command = False
        for descriptor, _ in self._poll.poll(seconds):
            if descriptor == 0:
                has_command = True
            else:
                self._read(self._viewers[descriptor])
        return has_command

    def _read(self, viewer: Viewer) -> None:
        parts = viewer.parts
        try:
            count = viewer.socket.recv_into(self._buffer, 0, socket.MSG_TRUNC if viewer.discards else 0)
        except BlockingIOError:
            return
        if not count:
            sys.exit("the server has closed a viewer's connection")
        viewer.bytes += count
        if viewer.discards:
            return
        if count < parts.left:
            parts.left -= count
            return
        for picture in parts.take(self._buffer[:count]):
            self.pictures += 1
            viewer.pictures += 1
            if picture.stamp_ns:
                self.ages.append(time.monotonic_ns() - picture.stamp_ns)
            if viewer.kind == "page":
                viewer.send(b'{"ack":"front","seq":%d}' % picture.seq)
        while parts.pings:
            viewer.send(parts.pings.pop(), PONG)


def request(kind: Kind, host: str, path: str) -> bytes:
    """Return the request of a viewer."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
    if kind != "mjpeg":
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]  # RFC 6455's own; the server does not remember it
    if kind == "page":
        lines += ["Sec-WebSocket-Protocol: framebus.v1"]
    return "\r\n".join([*lines, "", ""]).encode()


def tell(answer: dict[str, Any]) -> None:
    """Print an answer as a line of JSON."""
    print(json.dumps(answer), flush=True)


def allow_many_sockets() -> None:
    """Raise the soft limit of open files, which may be too low for five hundred viewers."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    """Run the process."""
    allow_many_sockets()
    settings = json.loads(sys.argv[1])
    viewers = Viewers()
    names = ("kind", "host", "port", "paths", "viewers", "read_every")
    viewers.connect(*(settings[name] for name in names))
    tell({})
    viewers.serve_commands()


if __name__ == "__main__":
    main()
