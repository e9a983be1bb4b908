"""A subscriber that takes every message in order and drops none, to see all that a capture publishes."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import zmq

from framebus.config.load import Config
from framebus.protocol.frame import Frame
from framebus.protocol.wire import FrameHeader, Kind, StatusHeader, parse, topic
from framebus.runtime.run_dir import frames_endpoint
from framebus.transport import sockets
from tests.processes import DEADLINE_SECONDS


class Listener:
    """Subscribed to one kind of a camera's messages until it is closed."""

    def __init__(self, config: Config, kind: Kind, camera: str = "front") -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = sockets.make(self._context, zmq.SUB)
        self._socket.setsockopt(zmq.SUBSCRIBE, topic(kind, camera))
        self._socket.connect(frames_endpoint(config.run_dir, camera))

    def message(self, seconds: float = DEADLINE_SECONDS) -> bytes:
        """The next message. Raises TimeoutError."""
        if not self._socket.poll(int(seconds * 1000)):
            raise TimeoutError(f"no message within {seconds:g} s")
        return self._socket.recv()

    def frame(self, seconds: float = DEADLINE_SECONDS) -> Frame:
        """The next frame, also when it is a repeat. Raises TimeoutError."""
        message, header = parse(self.message(seconds), FrameHeader)
        return Frame(header, message.body)

    def statuses(self, seconds: float = DEADLINE_SECONDS) -> Iterator[StatusHeader]:
        """Each status as it comes, within so many seconds after the one before. Raises TimeoutError."""
        while True:
            yield parse(self.message(seconds), StatusHeader)[1]

    def status(self, true: Callable[[StatusHeader], object]) -> StatusHeader:
        """The next status of which something holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        for status in self.statuses():
            if true(status):
                return status
            assert time.monotonic() < deadline, f"the last status was {status}"
        raise AssertionError

    @property
    def waits(self) -> bool:
        """Whether a message has come that was not taken."""
        return bool(self._socket.poll(0))

    def skip(self) -> None:
        """Throw away what has come so far."""
        while self._socket.poll(0):
            self._socket.recv()

    def close(self) -> None:
        """Let go of the socket. May be called twice."""
        self._context.destroy(linger=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
