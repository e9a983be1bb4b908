"""The process that looks for motion: takes frames of the cameras and publishes events."""

import logging
import math
import os
from collections.abc import Mapping
from pathlib import Path

import zmq

from framebus.config.camera import CameraConfig
from framebus.protocol.events import EventHeader
from framebus.protocol.wire import Kind, topic
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import Lock, events_endpoint
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.io_threads import IO_THREADS
from framebus.transport.reconnecting_socket import ReconnectingSocket
from recorder.motion.event_publisher import EventPublisher
from recorder.motion.watcher import Watcher

logger = logging.getLogger("motion")

TICK_SECONDS = 0.5
"""How often is looked for what is due without a frame; an event is reported once a second."""
CHECK_SECONDS = 1.0
GREETING_SECONDS = 0.1
"""The events in progress are sent again so often at most, so that a flood fills the queues of no subscriber."""


class MotionServer:
    """Publishes the events of all cameras that have motion detection. Closed by its owner."""

    def __init__(
        self, cameras: Mapping[str, CameraConfig], endpoints: Mapping[str, Endpoint], run_dir: Path, group: str | None
    ) -> None:
        """Bind the endpoint and subscribe to the cameras, which need not run yet.

        Args:
            cameras: the tables of the cameras that have motion detection, by name.
            endpoints: where each of them publishes.
            run_dir: the folder of the socket and the lock.
            group: whose members may subscribe, beside this user.

        Raises:
            RunDirError: the process runs already, or its folder cannot be used.
            ProcessError: the endpoint cannot be bound.
        """
        self._endpoint = events_endpoint(run_dir)
        self._lock = Lock(run_dir, "motion detection")  # no camera has a name with a space
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=IO_THREADS)
        self._losses = RateLimitedLog(logger)
        try:
            self._publisher = EventPublisher(self._context, self._endpoint, group, self._lock, self._losses)
        except ProcessError:
            self.close()
            raise
        self._checked_at = self._greeted_at = -math.inf
        self._has_new_subscribers = False
        run = os.urandom(8).hex()
        self._cameras: list[tuple[Watcher, ReconnectingSocket]] = []
        for name, settings in cameras.items():
            endpoint = endpoints[name]
            watcher = Watcher(name, settings, endpoint.same_host, run, self._losses)
            socket = sockets.subscriber(self._context, endpoint, topic(kind(settings), name))
            self._cameras.append((watcher, socket))
        logger.info("publishes the motion of %s at %s", ", ".join(cameras), self._endpoint)

    def run(self, stop: Stop) -> None:
        """Publish until `stop` is requested, and end the events in progress then."""
        while not stop.requested:
            stop.watchdog.feed()
            self._poll(stop)
            now = host_monotonic()
            for watcher, socket in self._cameras:
                if watcher.due_in(now) == 0 and sockets.has_message(socket):
                    self._publish(watcher.take(socket.recv(copy=False).buffer, now))
                else:
                    self._publish(watcher.tick(now))
            self._greet(now)
            if now - self._checked_at >= CHECK_SECONDS:
                self._checked_at = now
                self._check()
        for watcher, _ in self._cameras:
            self._publish(watcher.end(host_monotonic()))

    def close(self) -> None:
        """Close the sockets, and release the lock."""
        self._context.destroy(linger=200)
        self._lock.close()

    def _poll(self, stop: Stop) -> None:
        """Wait for something to do. A frame that comes early stays in its socket, where a newer one replaces it.

        Where none has come yet, the first one to come wakes the process, early or not: a camera at the rate that motion
        needs gives none too early, and each wake-up costs.
        """
        now = host_monotonic()
        poller = zmq.Poller()
        left = GREETING_SECONDS if self._has_new_subscribers else TICK_SECONDS
        poller.register(stop, zmq.POLLIN)
        poller.register(self._publisher.socket, zmq.POLLIN)
        for watcher, socket in self._cameras:
            seconds = watcher.due_in(now)
            if seconds > 0 and sockets.has_message(socket):
                left = min(left, seconds)
            else:
                poller.register(socket, zmq.POLLIN)
        poller.poll(math.ceil(left * 1000))

    def _publish(self, header: EventHeader | None) -> None:
        if header is not None:
            self._publisher.send(header)

    def _greet(self, now: float) -> None:
        """Send the events in progress again to new subscribers."""
        self._has_new_subscribers |= self._publisher.take()
        if self._has_new_subscribers and now - self._greeted_at >= GREETING_SECONDS:
            self._has_new_subscribers, self._greeted_at = False, now
            for watcher, _ in self._cameras:
                self._publish(watcher.current)

    def _check(self) -> None:
        self._lock.check(self._endpoint)
        self._losses.flush()
        for _, socket in self._cameras:
            socket.check()


def kind(settings: CameraConfig) -> Kind:
    """What to subscribe to for motion.

    An idle camera here gives `peek/` at the rate that motion needs, and nothing has to be made for it. Of a camera of
    another machine, `quarter/` has a twentieth of the bytes.
    """
    return "peek" if settings.is_here else "quarter"
