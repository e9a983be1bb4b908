"""Frames of several cameras in one loop: as they come, or those that were taken at the same moment."""

import contextlib
import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import zmq

from framebus.client.frame_connection import FrameConnection
from framebus.client.options import check_seconds
from framebus.client.subscriber import Subscriber
from framebus.errors import ArgumentError, ReplyTimeoutError, SubscriberClosed
from framebus.protocol.frame import Frame
from framebus.transport.endpoints import Endpoint

DEFAULT_WITHIN_SECONDS = 0.02
FRAMES_KEPT = 32
"""Of each camera, until the others have one of the same moment: a second at 30 fps."""


def newest(*subscribers: Subscriber, timeout: float | None = None) -> Iterator[Frame]:
    """Yield the frames of several cameras as they come. A camera without frames does not delay the others.

    ::

        from framebus import Subscriber, newest

        with Subscriber("front") as front, Subscriber("back") as back:
            for frame in newest(front, back, timeout=10):
                print(frame.camera, frame.seq, len(frame.jpeg), "bytes")

    Cameras that have a frame take turns, so that a fast one does not crowd out a slow one. A subscriber that is closed
    is left out; the loop ends when all are.

    Args:
        subscribers: The subscribers; their own `timeout` does not count.
        timeout: Seconds to wait for a frame of any of them; None waits for ever.

    Returns:
        An iterator of frames.

    Raises:
        TimeoutError: No frame of any came in time. It is a ReplyTimeoutError.
        SubscriberError: Another thread receives, or a subscriber was made before a fork.
        ArgumentError: There is no subscriber, one is named twice, or the timeout is not a number.
    """
    check_subscribers(subscribers, Subscriber)
    check_seconds("timeout", timeout)
    return Newest([subscriber._connection for subscriber in subscribers], timeout)


def together(
    *subscribers: Subscriber, within: float = DEFAULT_WITHIN_SECONDS, timeout: float | None = None
) -> Iterator[tuple[Frame, ...]]:
    """Yield frames that the sensors of several cameras took at the same moment, one of each camera.

    ::

        from framebus import Subscriber, together

        with Subscriber("left", queue=8) as left, Subscriber("right", queue=8) as right:
            for pair in together(left, right, within=0.02, timeout=10):
                print([frame.seq for frame in pair])

    Moments are compared by the sensors' clock, `frame.monotonic`; where a camera is on another machine, by
    `frame.captured`. Each frame is yielded at most once, in order, and those without a counterpart are left out. With
    `queue=8`, frames that come while the loop works still find theirs. The loop ends when a subscriber is closed.

    Args:
        subscribers: The subscribers, two or more; their own `timeout` does not count.
        within: Seconds from the first to the last frame of a moment, at most.
        timeout: Seconds to wait for such frames; None waits for ever.

    Returns:
        An iterator of tuples, with the frames in the order of the subscribers.

    Raises:
        TimeoutError: No such frames came in time. It is a ReplyTimeoutError.
        SubscriberError: Another thread receives, or a subscriber was made before a fork.
        ArgumentError: There are fewer than two subscribers, one is named twice, or a time is not a number.
    """
    check_subscribers(subscribers, Subscriber)
    check_together(len(subscribers), within, timeout)
    return Together([subscriber._connection for subscriber in subscribers], within, timeout)


def check_subscribers(subscribers: tuple[object, ...], kind: type[Any]) -> None:
    """Raises ArgumentError for others than subscribers of this class, each of them once."""
    for subscriber in subscribers:
        if not isinstance(subscriber, kind):
            raise ArgumentError(f"{subscriber!r}: allowed are objects of the class {kind.__name__}")
    if not subscribers or len(set(map(id, subscribers))) < len(subscribers):
        raise ArgumentError("subscribers: allowed are one or more, each of them once")


def check_together(subscribers: int, within: float, timeout: float | None) -> None:
    """Raises ArgumentError for arguments that `together` does not take."""
    if subscribers < 2:
        raise ArgumentError("together: allowed are two subscribers or more")
    check_seconds("within", within, optional=False)
    check_seconds("timeout", timeout)


def no_frame(cameras: Iterable[str], timeout: float | None) -> ReplyTimeoutError:
    """The error of `newest` for nothing in time."""
    return ReplyTimeoutError(f"no frame of camera {', '.join(sorted(cameras))} within {timeout or 0.0:g} s")


def no_moment(cameras: Iterable[str], within: float, timeout: float | None) -> ReplyTimeoutError:
    """The error of `together` for nothing in time."""
    names = ", ".join(sorted(cameras))
    return ReplyTimeoutError(
        f"no frames of camera {names} of one moment, within {within:g} s, came in {timeout or 0.0:g} s"
    )


def on_one_clock(endpoints: Iterable[Endpoint]) -> bool:
    """Whether the sensors' clock of all these cameras is that of this machine."""
    return all(endpoint.same_host for endpoint in endpoints)


class Newest(Iterator[Frame]):
    """Not a generator, which would end for good with the first TimeoutError."""

    def __init__(self, connections: list[FrameConnection], timeout: float | None) -> None:
        """The arguments are those of `newest`."""
        self._turns = deque(connections)
        self._timeout = timeout

    def __next__(self) -> Frame:
        deadline = _deadline(self._timeout)
        names = _names(self._turns)
        while self._turns:
            try:
                return _next(self._turns, deadline)
            except SubscriberClosed:
                for connection in [connection for connection in self._turns if connection.closing]:
                    self._turns.remove(connection)
            except TimeoutError:
                raise no_frame(names, self._timeout) from None
        raise StopIteration


class Together(Iterator[tuple[Frame, ...]]):
    """As Newest."""

    def __init__(self, connections: list[FrameConnection], within: float, timeout: float | None) -> None:
        """The arguments are those of `together`."""
        self._connections = connections
        self._turns = deque(connections)
        self._within = within
        self._timeout = timeout
        monotonic = on_one_clock(connection.subscription.endpoint for connection in connections)
        self._matcher = Matcher(len(connections), within, monotonic=monotonic)

    def __next__(self) -> tuple[Frame, ...]:
        deadline = _deadline(self._timeout)
        while True:
            try:
                frame = _next(self._turns, deadline)
            except SubscriberClosed:
                raise StopIteration from None
            except TimeoutError:
                raise no_moment(_names(self._connections), self._within, self._timeout) from None
            # The last of the turns is the one that gave it: two cameras of two machines may have the same name.
            moment = self._matcher.add(self._connections.index(self._turns[-1]), frame)
            if moment is not None:
                return moment


def _deadline(timeout: float | None) -> float:
    return math.inf if timeout is None else time.monotonic() + timeout


def _names(connections: Iterable[FrameConnection]) -> list[str]:
    return [connection.options.camera for connection in connections]


def _next(turns: deque[FrameConnection], deadline: float) -> Frame:
    """The next frame of any; the one that gave it comes last in the next turn.

    Raises TimeoutError, SubscriberError and, where one of them is closed, SubscriberClosed.
    """
    with contextlib.ExitStack() as stack:
        for connection in turns:
            stack.enter_context(connection.held())
        frame = _wait(turns, deadline)
    if frame is None:
        raise TimeoutError
    return frame


def _wait(turns: deque[FrameConnection], deadline: float) -> Frame | None:
    """The next frame of any; None when the time is over. Raises SubscriberClosed when one is."""
    poller = zmq.Poller()
    for connection in turns:
        connection.register(poller)
    while True:
        for connection in list(turns):
            frame = connection.take()
            if frame is not None:
                turns.remove(connection)
                turns.append(connection)
                return frame
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        due = min(connection.due_in for connection in turns)
        poller.poll(math.ceil(min(left, due) * 1000))


class Matcher:
    """Finds the frames of one moment. Pure."""

    def __init__(self, cameras: int, within: float, *, monotonic: bool = True) -> None:
        """Begin with no frames of so many cameras; `monotonic` says which of a frame's two times to go by."""
        self._within = within
        self._monotonic = monotonic
        self._kept: list[deque[Frame]] = [deque(maxlen=FRAMES_KEPT) for _ in range(cameras)]

    def add(self, camera: int, frame: Frame) -> tuple[Frame, ...] | None:
        """Take in a frame of this camera, by its number from 0; returns the frames of a moment that is complete."""
        self._kept[camera].append(frame)
        if not all(self._kept):
            return None
        moment = self._time(frame)
        found = tuple(min(kept, key=lambda near: abs(self._time(near) - moment)) for kept in self._kept)
        times = [self._time(near) for near in found]
        if max(times) - min(times) > self._within:
            return None
        for kept, near in zip(self._kept, found, strict=True):
            while kept.popleft() is not near:  # what is older has no counterpart any more
                pass
        return found

    def _time(self, frame: Frame) -> float:
        return frame.monotonic if self._monotonic else frame.captured
