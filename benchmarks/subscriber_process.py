"""Subscribers of a camera's frames: a process with one of them, as a program of a user's would have it.

Told "begin" and "end" on its standard input; answers with the ages of the frames that were handed over in between.
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
class Taken:
    """A frame that was handed over: seconds since it was captured."""

    published: float
    """When capture had it ready to be sent."""
    handed_over: float


class Log:
    """What was taken since `begin`."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """From here."""
        self.taken: list[Taken] = []
        self._began = time.monotonic()

    def add(self, header: FrameHeader) -> None:
        """A frame is here, now."""
        captured = header.monotonic
        self.taken.append(Taken(header.published - captured, time.monotonic() - captured))

    def seen(self) -> dict[str, Any]:
        """What came since then."""
        return {
            "fps": len(self.taken) / (time.monotonic() - self._began),
            "published": percentiles([taken.published for taken in self.taken]),
            "ages": percentiles([taken.handed_over for taken in self.taken]),
        }


def headers(kind: str, endpoint: str) -> Iterator[FrameHeader]:
    """Of the frames, by framebus, or by a SUB socket with pyzmq's default settings."""
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
    """Take frames for ever, each costing so much time."""
    for number, header in enumerate(headers(kind, endpoint)):
        log.add(header)
        if number == 0:
            tell({})
        if work_seconds:
            time.sleep(work_seconds)


def main() -> None:
    """The process: the frames in a thread, so that it hears of the end while it waits for one."""
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
                tell(log.seen())
            case b"":
                os._exit(0)  # the other thread waits in ZeroMQ


if __name__ == "__main__":
    main()
