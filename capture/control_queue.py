"""Queues between the loop and the reader thread: pending control requests, and their replies."""

from collections import deque
from collections.abc import Callable

import msgspec

from capture.control_service import ControlService
from capture.source import Source

MAX_PENDING_REQUESTS = 16
"""Requests that wait for the camera; more are refused at once."""


class ControlRequest(msgspec.Struct, frozen=True):
    """A request for controls, or the reply to one, with the envelope that leads back to the requester."""

    envelope: list[bytes]
    message: bytes


class ControlQueue:
    """Passes requests from one thread to another, and replies back."""

    def __init__(self, control_service: ControlService, notify: Callable[[], None]) -> None:
        """Begin empty.

        Args:
            control_service: answers the requests.
            notify: called when there is a reply.
        """
        self._control_service = control_service
        self._notify = notify
        self._requests: deque[ControlRequest] = deque()
        self._replies: deque[ControlRequest] = deque()

    def __bool__(self) -> bool:
        """Whether a request waits."""
        return bool(self._requests)

    def put(self, request: ControlRequest) -> bool:
        """Add a request; returns False, and does not add it, where too many wait."""
        if len(self._requests) >= MAX_PENDING_REQUESTS:
            return False
        self._requests.append(request)
        return True

    def replies(self) -> list[ControlRequest]:
        """The replies since the last call."""
        return [self._replies.popleft() for _ in range(len(self._replies))]

    def answer_next(self, source: Source) -> None:
        """Answer the oldest request with the open camera. Where that raises, the request stays, to be refused."""
        request = self._requests[0]
        self.reply(request, self._control_service.answer(request.message, source))
        self._requests.popleft()

    def reply_next(self, message: bytes) -> None:
        """Reply to the oldest request with this message."""
        self.reply(self._requests.popleft(), message)

    def reply(self, request: ControlRequest, message: bytes) -> None:
        """Reply to a request with this message."""
        self._replies.append(ControlRequest(request.envelope, message))
        self._notify()
