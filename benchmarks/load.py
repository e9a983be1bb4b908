"""Viewers: a process that reads many streams at once over epoll, and counts bytes, pictures and their ages.

Told "begin" and "end" on its standard input; answers with what came in between. Load is the side that starts it.
"""

import contextlib
import json
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
"""Viewers that connect before the ones before them have their first picture: no listener's backlog is shorter."""
TEXT, PONG = 0x81, 0x8A
"""First bytes of a frame (RFC 6455, section 5.2)."""
MASK = b"\0\0\0\0"
"""A client has to mask; with this key nothing changes."""
FIRST_PICTURE_SECONDS = 30.0
SETTLE_SECONDS, SETTLE_SECONDS_EACH = 0.4, 0.002
"""A camera that was idle has its full rate by then, and the windows of the new connections their full size."""


@dataclass(frozen=True)
class Seen:
    """What the viewers saw while it was measured, and what it cost the server."""

    seconds: float
    gigabytes: float
    fps: float
    """Pictures a second and viewer."""
    ages: dict[str, float]
    """Percentiles in seconds, of a picture at the moment when its viewer has it whole."""
    cpu_seconds: float
    """Of the processes that were named."""
    own_cores: float
    """Of a processor, that the viewers themselves took: at 1 they, and no server, are the limit."""

    @property
    def cpu_per_gigabyte(self) -> float:
        """Seconds for each GB (10^9 bytes) that the viewers got."""
        return self.cpu_seconds / self.gigabytes


class Load:
    """Viewers in a process of their own. Leaving the `with` block ends it."""

    def __init__(
        self, kind: Kind, host: str, port: int, path: str, viewers: int, *, prefix: Sequence[str] = ()
    ) -> None:
        """Returns when each viewer has its first picture. Raises BenchError when one has none after a while."""
        settings = {"kind": kind, "host": host, "port": port, "path": path, "viewers": viewers}
        self._helper = Helper("load", settings, prefix)
        try:
            self._helper.answer(2 * FIRST_PICTURE_SECONDS)
            time.sleep(SETTLE_SECONDS + SETTLE_SECONDS_EACH * viewers)
        except BaseException:
            self._helper.close()
            raise

    def measure(self, seconds: float, *pids: int) -> Seen:
        """Watch for so long, and see what the processes of these ids use meanwhile."""
        self.begin()
        before = cpu_seconds(*pids)
        time.sleep(seconds)
        return self.end(cpu_seconds(*pids) - before)

    def begin(self) -> None:
        """Count from here."""
        self._helper.ask("begin")

    def end(self, used_seconds: float = 0.0) -> Seen:
        """What came since then; it cost the server so much."""
        return Seen(cpu_seconds=used_seconds, **self._helper.ask("end"))

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
        self.socket = socket.create_connection((host, port), timeout=FIRST_PICTURE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request(kind, host, path))
        if kind == "page":
            self.say(json.dumps({"watch": ["front"]}).encode())
        self.socket.setblocking(False)

    def say(self, payload: bytes, opcode: int = TEXT) -> None:
        """A frame of the websocket, at most 125 bytes."""
        self.socket.send(bytes((opcode, 0x80 | len(payload))) + MASK + payload)


class Viewers:
    """All connections, and what has come since `begin`."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._viewers: dict[int, Viewer] = {}
        self._buffer = memoryview(bytearray(READ_BYTES))
        self.begin()

    def begin(self) -> None:
        """Count from here."""
        self._began = time.monotonic()
        self._cpu = time.process_time()
        self.bytes = 0
        self.pictures = 0
        self.ages: list[int] = []

    def seen(self) -> dict[str, Any]:
        """What came since then."""
        seconds = time.monotonic() - self._began
        return {
            "seconds": seconds,
            "gigabytes": self.bytes / 1e9,
            "fps": self.pictures / seconds / len(self._viewers),
            "ages": percentiles([age / 1e9 for age in self.ages]),
            "own_cores": (time.process_time() - self._cpu) / seconds,
        }

    def connect(self, kind: Kind, host: str, port: int, path: str, count: int) -> None:
        """Add viewers; each has its first picture when this returns."""
        while len(self._viewers) < count:
            for _ in range(min(BATCH, count - len(self._viewers))):
                viewer = Viewer(kind, host, port, path)
                self._viewers[viewer.socket.fileno()] = viewer
                self._poll.register(viewer.socket, select.EPOLLIN)
            deadline = time.monotonic() + FIRST_PICTURE_SECONDS
            while not all(viewer.pictures for viewer in self._viewers.values()):
                if time.monotonic() > deadline:
                    sys.exit(f"no picture from {host}:{port}{path} within {FIRST_PICTURE_SECONDS:g} s")
                self.turn(1.0)

    def obey(self) -> None:
        """Watch until standard input ends."""
        self._poll.register(sys.stdin, select.EPOLLIN)
        while True:
            if self.turn(-1):
                match os.read(sys.stdin.fileno(), 16):
                    case b"begin\n":
                        self.begin()
                        tell({})
                    case b"end\n":
                        tell(self.seen())
                    case b"":
                        return

    def turn(self, seconds: float) -> bool:
        """Read what has come; says whether standard input has something, too."""
        told = False
        for descriptor, _ in self._poll.poll(seconds):
            if descriptor == 0:
                told = True
            else:
                self._read(self._viewers[descriptor])
        return told

    def _read(self, viewer: Viewer) -> None:
        parts = viewer.parts
        try:
            count = viewer.socket.recv_into(self._buffer)
        except BlockingIOError:
            return
        if not count:
            sys.exit("the server has closed a viewer's connection")
        self.bytes += count
        if count < parts.left:
            parts.left -= count
            return
        for picture in parts.take(self._buffer[:count]):
            self.pictures += 1
            viewer.pictures += 1
            if picture.stamp_ns:
                self.ages.append(time.monotonic_ns() - picture.stamp_ns)
            if viewer.kind == "page":
                viewer.say(b'{"ack":"front","seq":%d}' % picture.seq)
        while parts.pings:
            viewer.say(parts.pings.pop(), PONG)


def request(kind: Kind, host: str, path: str) -> bytes:
    """What a viewer says first."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}"]
    if kind != "mjpeg":
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
        lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]  # RFC 6455's own; the server does not remember it
    if kind == "page":
        lines += ["Sec-WebSocket-Protocol: framebus.v1"]
    return "\r\n".join([*lines, "", ""]).encode()


def tell(answer: dict[str, Any]) -> None:
    """One line of JSON to whoever started this process."""
    print(json.dumps(answer), flush=True)


def allow_many_sockets() -> None:
    """Five hundred viewers need more than the usual soft limit may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> None:
    """The process."""
    allow_many_sockets()
    settings = json.loads(sys.argv[1])
    viewers = Viewers()
    viewers.connect(settings["kind"], settings["host"], settings["port"], settings["path"], settings["viewers"])
    tell({})
    viewers.obey()


if __name__ == "__main__":
    main()
