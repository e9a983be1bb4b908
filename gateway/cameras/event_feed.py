"""The events of all cameras, for the pages that have asked for them. Without such a page, there is no subscription."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from typing import Protocol

import zmq

from framebus.protocol.events import EVENT_TIMEOUT_SECONDS, MAX_OPEN_EVENTS, EventHeader
from framebus.protocol.wire import WireError, parse
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import socket_path
from framebus.runtime.socket_probe import is_served
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver
from framebus.transport.reconnecting_socket import ReconnectingSocket

logger = logging.getLogger("gateway")

TOPIC = b"event/"
"""Of all cameras."""
QUEUE_MESSAGES = 1000
LOOK_SECONDS = 0.5
"""How often it is looked whether motion detection runs, while a page waits for events: 20 µs of CPU time each.

Less than RECONNECT_PAUSE_SECONDS, after which a lost connection no longer counts as one.
"""


class EventViewer(Protocol):
    """A receiver of events."""

    def on_event(self, event_id: str, message: bytes) -> None:
        """Take a message of the wire format; a newer one of the same id takes the place of one that was not sent."""


class EventFeed:
    """Made inside the running loop; closed by its owner."""

    def __init__(
        self,
        endpoint: str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        now: Callable[[], float] = time.monotonic,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Subscribe to nothing yet; motion detection need not run.

        Args:
            endpoint: where events are published.
            context: for the socket.
            now: seconds of a clock that goes on steadily.
            look_seconds: how often it is looked whether motion detection runs.
        """
        self._endpoint = endpoint
        self._context = context
        self._viewers: dict[EventViewer, frozenset[str]] = {}
        self._now = now
        self._look_seconds = look_seconds
        self._open: dict[str, tuple[float, str, bytes]] = {}
        """By id, of each event in progress: when it was reported last, the camera, and the newest message."""
        self._link: tuple[ReconnectingSocket, AsyncReceiver] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._losses = RateLimitedLog(logger)

    def send_to(self, viewer: EventViewer, cameras: Collection[str]) -> None:
        """Send what happens in front of these cameras from now on, and what happens already; nothing where empty."""
        if not cameras:
            self.leave(viewer)
            return
        self._viewers[viewer] = frozenset(cameras)
        if self._timer is None:
            self._look()
        since = self._now() - EVENT_TIMEOUT_SECONDS
        for event_id, (heard, camera, message) in self._open.items():
            if camera in cameras and heard > since:  # else its process was killed: that event has ended
                viewer.on_event(event_id, message)

    def leave(self, viewer: EventViewer) -> None:
        """Send nothing more; may be called for one that was sent nothing."""
        self._viewers.pop(viewer, None)
        if not self._viewers:
            self.close()

    def close(self) -> None:
        """Close the socket; may be called twice."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        self._disconnect()
        self._open.clear()
        self._losses.flush()

    def _look(self) -> None:
        """Be connected while motion detection runs, and not otherwise: libzmq would try again three times a second."""
        self._timer = asyncio.get_running_loop().call_later(self._look_seconds, self._look)
        if self._link is not None and self._link[0].reconnects_in is None:
            return
        path = socket_path(self._endpoint)
        if path is not None and not is_served(path):
            self._disconnect()
        elif self._link is None:  # else libzmq connects to a process that has started again
            subscriber = sockets.subscriber(self._context, self._endpoint, TOPIC, QUEUE_MESSAGES)
            self._link = subscriber, AsyncReceiver(subscriber, self._receive)

    def _disconnect(self) -> None:
        if self._link is not None:
            subscriber, receiver = self._link
            receiver.close()
            subscriber.close()
        self._link = None

    def _receive(self, parts: list[zmq.Frame]) -> None:
        message = parts[-1].bytes
        try:
            _, header = parse(message, EventHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return
        _, _, known = self._open.pop(header.id, (0.0, "", b""))
        if header.phase != "end":
            self._open[header.id] = self._now(), header.camera, message
            while len(self._open) > MAX_OPEN_EVENTS:  # of processes that have ended without ending their events
                self._open.pop(next(iter(self._open)))
        if message == known:  # sent again for a new subscriber
            return
        for viewer, cameras in list(self._viewers.items()):
            if header.camera in cameras:
                viewer.on_event(header.id, message)
