"""A publisher in the test's own hands: it sends what the test says, when it says so, on a socket as capture has it."""

from typing import Any

import zmq

from framebus.protocol.wire import FrameHeader, Kind, pack
from framebus.transport import sockets
from tests import headers
from tests.framebus.golden.make import JPEG
from tests.processes import DEADLINE_SECONDS


def frame_header(seq: int = 1, **changes: Any) -> FrameHeader:
    """A header of a frame of camera `front` that was captured just now."""
    return headers.frame_header(seq=seq, **{"epoch": "first", "width": 16, "height": 8, **changes})


class Publisher:
    """Sends frames of one camera. Closed by its maker."""

    def __init__(self, endpoint: str, camera: str = "front", epoch: str = "first", most: int = 1000) -> None:
        """Bind; `most` messages wait for a subscriber that does not keep up."""
        self._camera = camera
        self._epoch = epoch
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = sockets.make(self._context, zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.setsockopt(zmq.SNDHWM, most)
        self._socket.bind(endpoint)

    def subscription(self) -> bytes:
        """What the next subscriber wants: 01 and the topic."""
        assert self._socket.poll(int(DEADLINE_SECONDS * 1000)), "no subscription came"
        return self._socket.recv()

    def is_heard(self) -> bool:
        """Whether a subscription waits to be read."""
        return bool(self._socket.poll(0))

    def send(self, seq: int, kind: Kind = "live", **changes: Any) -> FrameHeader:
        """Publish a frame; returns its header."""
        header = frame_header(seq, **{"camera": self._camera, "epoch": self._epoch} | changes)
        self.send_message(pack(kind, self._camera, header, JPEG))
        return header

    def send_message(self, message: bytes) -> None:
        """Publish anything."""
        self._socket.send(message)

    def close(self) -> None:
        """Be gone, as after kill -9."""
        self._context.destroy()
