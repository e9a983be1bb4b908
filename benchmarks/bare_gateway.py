"""The second process of the bare relay: sends the frames of benchmarks.bare_capture to each viewer in turn.

It has no HTTP parser, no limits and no socket options, and a viewer that does not read holds up all others.
"""

import json
import select
import socket
import sys
from typing import NoReturn

import zmq

from benchmarks.bare_capture import TOPIC
from benchmarks.baseline_server import HEAD
from benchmarks.load import tell

PART_HEAD = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
BOUNDARY = b"\r\n--bare\r\n"
REQUEST_BYTES = 4096
POLLIN = int(zmq.POLLIN)
"""A number: an operation with the enumeration of pyzmq makes a new member of it each time."""


class BareGateway:
    """Sends each frame as it lies in the memory of ZeroMQ."""

    def __init__(self, frames: "zmq.Socket[bytes]", listener: socket.socket) -> None:
        self._frames = frames
        self._listener = listener
        self._viewers: list[socket.socket] = []

    def run(self) -> NoReturn:
        """Serve for ever."""
        poll = select.epoll()
        poll.register(self._listener, select.EPOLLIN)
        poll.register(int(self._frames.get(zmq.FD)), select.EPOLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self._listener.fileno():
                    self._accept()
            while int(self._frames.get(zmq.EVENTS)) & POLLIN:  # all: the descriptor is edge-triggered
                self._send(self._frames.recv(copy=False).buffer[len(TOPIC) :])

    def _accept(self) -> None:
        viewer, _ = self._listener.accept()
        viewer.recv(REQUEST_BYTES)
        viewer.sendall(HEAD)
        self._viewers.append(viewer)

    def _send(self, picture: memoryview) -> None:
        head = PART_HEAD % len(picture)
        for viewer in list(self._viewers):
            try:
                viewer.sendmsg([head, picture, BOUNDARY])
            except OSError:
                self._viewers.remove(viewer)
                viewer.close()


def main() -> NoReturn:
    """Run the process; it prints the port that it listens on once it has a frame."""
    frames = zmq.Context().socket(zmq.SUB)
    frames.setsockopt(zmq.CONFLATE, 1)
    frames.connect(json.loads(sys.argv[1])["endpoint"])
    frames.subscribe(TOPIC)
    frames.poll()
    listener = socket.create_server(("127.0.0.1", 0))
    tell({"port": listener.getsockname()[1]})
    BareGateway(frames, listener).run()


if __name__ == "__main__":
    main()
