"""The gateway processes that share a port: each tells the others how many viewers it has, so that each knows the sum.

With `workers = 1` there is no socket. gateway.server decides which of them listen on the port.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple, Protocol

import zmq

from framebus.protocol.viewers import ViewersHeader, Watching
from framebus.protocol.wire import WireError, pack, parse, topic
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import worker_name
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver

logger = logging.getLogger("gateway")

INTERVAL_SECONDS = 1.0
CHANGE_DELAY_SECONDS = 0.1
"""Changes within this time are sent in one message."""
WORKER_TIMEOUT_SECONDS = 3.0
"""A worker that sent nothing for this long counts as absent and without viewers."""
SEND_HIGH_WATER_MARK = 2
"""Messages that wait for a worker that does not read them; each contains everything."""
MAX_SUBSCRIPTION_BYTES = 1024
"""No subscription is longer; a peer that sends more is disconnected."""


class WorkerReport(NamedTuple):
    """The last message of another worker, and when it came by time.monotonic."""

    at: float
    header: ViewersHeader


class OwnViewers(Protocol):
    """The viewers of this worker."""

    def own_viewers(self) -> int:
        """Return how many connections show a camera."""

    def own_viewers_of(self, camera: str) -> int:
        """Return how many connections show this camera."""

    def own_watching(self) -> list[Watching]:
        """Return who they are."""

    def own_stats(self) -> ViewersHeader:
        """Return the message about this worker for the others."""


class Workers:
    """Made inside the running loop; closed by its owner."""

    def __init__(
        self,
        worker: int,
        endpoints: Sequence[str],
        context: "zmq.Context[zmq.Socket[bytes]]",
        own: OwnViewers,
        interval_seconds: float = INTERVAL_SECONDS,
        timeout_seconds: float = WORKER_TIMEOUT_SECONDS,
    ) -> None:
        """Connect to the other workers, which need not run yet.

        Args:
            worker: the number of this one, from 0.
            endpoints: where each worker publishes, by its number.
            context: for the sockets.
            own: the viewers of this worker.
            interval_seconds: how often it reports them without a change.
            timeout_seconds: a worker that is silent for this long counts as absent.

        Raises:
            zmq.ZMQError: the endpoint of this worker cannot be bound.
        """
        self.own_number = worker
        self.interval_seconds = interval_seconds
        self.timeout_seconds = timeout_seconds
        self.count = len(endpoints)
        self._own = own
        self._reports: dict[int, WorkerReport] = {}
        self._losses = RateLimitedLog(logger)
        self._links: list[tuple[zmq.Socket[bytes], AsyncReceiver]] = []
        self._publisher: tuple[zmq.Socket[bytes], AsyncReceiver] | None = None
        self._loop = asyncio.get_running_loop()
        if self.count > 1:
            self._publish_at(endpoints[worker], context)
            for other in set(range(self.count)) - {worker}:
                self._subscribe_to(other, endpoints[other], context)

    def all_stats(self) -> dict[int, ViewersHeader]:
        """Return the statistics of each worker that is present, by its number: its own, and the last of the others."""
        return dict(sorted({**self._others(), self.own_number: self._own.own_stats()}.items()))

    def viewers(self) -> int:
        """Return how many connections show a camera, through any worker."""
        return self._own.own_viewers() + sum(header.viewers for header in self._others().values())

    def viewers_of(self, camera: str) -> int:
        """Return how many connections show this camera, through any worker."""
        stats = (header.cameras.get(camera) for header in self._others().values())
        return self._own.own_viewers_of(camera) + sum(of.viewers for of in stats if of is not None)

    def watching(self) -> list[Watching]:
        """Return who watches, through any worker."""
        others = (watching for header in self._others().values() for watching in header.watching)
        return sorted([*self._own.own_watching(), *others], key=lambda watching: watching.since)

    def changed(self) -> None:
        """Tell the other workers soon that the viewers of this one have changed."""
        if self._publisher is not None and self._next.when() > self._loop.time() + CHANGE_DELAY_SECONDS:
            self._publish_in(CHANGE_DELAY_SECONDS)

    def close(self) -> None:
        """Close the sockets."""
        if self._publisher is not None:
            self._next.cancel()
            self._links.append(self._publisher)
            self._publisher = None
        for socket, receiver in self._links:
            receiver.close()
            socket.close()
        self._links.clear()

    def _others(self) -> dict[int, ViewersHeader]:
        """The last statistics of the other workers that are present."""
        oldest = time.monotonic() - self.timeout_seconds
        return {number: report.header for number, report in self._reports.items() if report.at > oldest}

    def _publish_at(self, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        """Publish with XPUB rather than PUB, to send to a worker as soon as it subscribes."""
        socket = sockets.make(context, zmq.XPUB)
        socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        socket.setsockopt(zmq.SNDHWM, SEND_HIGH_WATER_MARK)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        socket.bind(endpoint)
        self._publisher = socket, AsyncReceiver(socket, lambda _: self.changed())
        self._next = self._loop.call_later(self.interval_seconds, self._publish)

    def _publish_in(self, seconds: float) -> None:
        self._next.cancel()
        self._next = self._loop.call_later(seconds, self._publish)

    def _publish(self) -> None:
        assert self._publisher is not None  # else the timer would have been cancelled
        socket, receiver = self._publisher
        self._publish_in(self.interval_seconds)  # before what may fail, so that an error does not end it
        socket.send(pack("viewers", worker_name(self.own_number), self._own.own_stats()))
        self._losses.flush()
        receiver.drain()

    def _subscribe_to(self, other: int, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        socket = sockets.subscriber(context, endpoint, topic("viewers", worker_name(other)))
        self._links.append((socket, AsyncReceiver(socket, partial(self._receive, other))))

    def _receive(self, other: int, parts: list[zmq.Frame]) -> None:
        try:
            _, header = parse(parts[-1].bytes, ViewersHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return
        self._reports[other] = WorkerReport(time.monotonic(), header)
