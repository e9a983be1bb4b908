"""A process with one subscriber to a camera's frames, as in a user's program.

It reads "begin" and "end" from standard input, and prints the ages of the frames received in between.
"""

import json
import os
import select
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import zmq

from benchmarks.load import tell
from benchmarks.results import percentiles
from framebus import Subscriber
from framebus.protocol.wire import FrameHeader


@dataclass(frozen=True)
class Received:
    """The ages of a frame, in seconds since its capture."""

    published: float
    """When capture published it; below, when the subscriber received it."""
    received: float


class Log:
    """The frames received since `begin`."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Start counting."""
        self.received: list[Received] = []
        self._began = time.monotonic()

    def add(self, header: FrameHeader) -> None:
        """Record a frame that has just arrived."""
        captured = header.monotonic
        self.received.append(Received(header.published - captured, time.monotonic() - captured))

    def statistics(self) -> dict[str, Any]:
        """Return the rate and the percentiles of the ages since `begin`."""
        return {
            "fps": len(self.received) / (time.monotonic() - self._began),
            "published": percentiles([frame.published for frame in self.received]),
            "ages": percentiles([frame.received for frame in self.received]),
        }


def headers(kind: str, endpoint: str) -> Iterator[FrameHeader]:
    """Yield the headers of the frames, received by framebus or by a SUB socket with the default settings of pyzmq."""
    if kind == "framebus":
        for frame in Subscriber("front", endpoint=endpoint):
            yield frame.header
    socket = zmq.Context().socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, b"live/front\n")
    socket.connect(endpoint)
    decoder = msgspec.json.Decoder(FrameHeader)
    while True:
        yield decoder.decode(socket.recv().split(b"\n", 2)[1])


def read(kind: str, endpoint: str, work_seconds: float, log: Log) -> None:
    """Receive frames until the process ends, and spend `work_seconds` on each."""
    for number, header in enumerate(headers(kind, endpoint)):
        log.add(header)
        if number == 0:
            tell({})
        if work_seconds:
            time.sleep(work_seconds)


def main() -> None:
    """Run the process. Frames are received in a thread, so that standard input is read meanwhile."""
    settings = json.loads(sys.argv[1])
    log = Log()
    threading.Thread(
        target=read, args=(settings["kind"], settings["endpoint"], settings["work_seconds"], log), daemon=True
    ).start()
    while True:
        select.select([sys.stdin], [], [])
        match os.read(sys.stdin.fileno(), 16):
            case b"begin\n":
                log.begin()
                tell({})
            case b"end\n":
                tell(log.statistics())
            case b"":
                os._exit(0)  # the other thread waits in ZeroMQ


if __name__ == "__main__":
    main()
