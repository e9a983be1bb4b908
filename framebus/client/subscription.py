"""The connection of a subscriber, without a reference to the subscriber, so that a finalizer can close it."""

import os
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from framebus.client.silence import reason
from framebus.errors import ReplyTimeoutError, SubscriberError
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.process_context import exhaustion, process_context

ItemT = TypeVar("ItemT")

ASKED_AFTER_SECONDS = 1.0
"""Who waits for less is no person, and does not want to wait for the reason."""


class Subscription(ABC, Generic[ItemT]):
    """The SUB socket, the judgement of its messages, and the process that made it."""

    def __init__(self, camera: str, endpoint: Endpoint, topic: bytes, queue: int = 0) -> None:
        """Raises EndpointError and ResourceError."""
        self.camera = camera
        self.endpoint = endpoint
        with exhaustion():
            self.socket = sockets.subscriber(process_context(), endpoint, topic, queue)
        self._pid = os.getpid()

    @abstractmethod
    def accept(self, message: bytes | memoryview) -> ItemT | None:
        """What a message is to the reader, or None for what is not handed over."""

    @property
    def silent_in(self) -> float | None:
        """Seconds of silence until `on_silence` has to be called; None for never."""
        return None

    def on_silence(self) -> ItemT | None:
        """What the silence is to the reader."""
        return None

    @property
    @abstractmethod
    def waited_for(self) -> str:
        """What the reader waits for, as the error of a timeout names it."""

    @property
    def is_inherited(self) -> bool:
        """Whether another process made it."""
        return self._pid != os.getpid()

    def check_process(self) -> None:
        """Raises SubscriberError in a process other than the one that made the subscriber."""
        if self.is_inherited:
            raise SubscriberError(
                f"the subscriber of camera {self.camera} was made in process {self._pid}; make a new one after a fork"
            )

    def timeout(self, seconds: float) -> ReplyTimeoutError:
        """The error for nothing in so many seconds, with the reason where that is known. After a long time, it asks."""
        why = reason(self.endpoint) or (self.reason_of_the_camera() if seconds >= ASKED_AFTER_SECONDS else "")
        return ReplyTimeoutError(f"no {self.waited_for} within {seconds:g} s{why}")

    def reason_of_the_camera(self) -> str:
        """What a camera that runs says of it, with a colon before it; empty where it says nothing."""
        return ""

    def close(self) -> None:
        """Close the socket, in the process that made it."""
        if not self.is_inherited:
            self.socket.close()
