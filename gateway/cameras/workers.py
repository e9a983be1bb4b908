"""The gateways that share a port: each tells the others who watches through it, so that any of them can tell the sum.

With `workers = 1` there is nobody to tell, and no socket. Who may listen on the port is left to gateway.server.
"""

import asyncio
import logging
import time
from functools import partial
from typing import NamedTuple, Protocol

import zmq

from framebus.protocol.wire import ViewersHeader, WireError, pack, parse, topic
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.runtime.run_dir import worker_name
from framebus.transport import sockets
from framebus.transport.async_receiver import AsyncReceiver

logger = logging.getLogger("gateway")

INTERVAL_SECONDS = 1.0
AFTER_A_CHANGE_SECONDS = 0.1
"""Many who come or go at once are told of once."""
SILENT_SECONDS = 3.0
"""A worker not heard of for this long is not there, and nobody watches through it."""
SEND_HIGH_WATER_MARK = 2
"""Messages for a worker that does not take them; the next one says all of it again."""
MAX_SUBSCRIPTION_BYTES = 1024
"""No subscription needs more; the connection of one who sends more is cut off."""


class Heard(NamedTuple):
    """What another worker said last, and when by time.monotonic."""

    at: float
    header: ViewersHeader


class OwnViewers(Protocol):
    """Who watches through this worker."""

    def own_viewers(self) -> int:
        """Return how many connections show a camera."""

    def own_viewers_of(self, camera: str) -> int:
        """Return how many connections show this camera."""

    def own_stats(self) -> ViewersHeader:
        """Return what the other workers are told."""


class Workers:
    """Made inside the running loop; closed by its maker."""

    def __init__(
        self,
        worker: int,
        endpoints: list[str],
        context: "zmq.Context[zmq.Socket[bytes]]",
        own: OwnViewers,
    ) -> None:
        """Connect to the other workers, which need not run yet.

        Args:
            worker: the number of this one, from 0.
            endpoints: where each worker publishes, by its number.
            context: for the sockets.
            own: the viewers of this worker.

        Raises:
            zmq.ZMQError: the endpoint of this worker cannot be bound.
        """
        self.own_number = worker
        self.count = len(endpoints)
        self._own = own
        self._heard: dict[int, Heard] = {}
        self._losses = RateLimitedLog(logger)
        self._links: list[tuple[zmq.Socket[bytes], AsyncReceiver]] = []
        self._telling: tuple[zmq.Socket[bytes], AsyncReceiver] | None = None
        self._loop = asyncio.get_running_loop()
        if self.count > 1:
            self._tell_at(endpoints[worker], context)
            for other in set(range(self.count)) - {worker}:
                self._listen_to(other, endpoints[other], context)

    def everyone(self) -> dict[int, ViewersHeader]:
        """The figures of each worker that is there, by its number: ours of now, the others' as they last said."""
        return dict(sorted({**self._others(), self.own_number: self._own.own_stats()}.items()))

    def viewers(self) -> int:
        """Connections that show a camera, through any worker."""
        return self._own.own_viewers() + sum(header.viewers for header in self._others().values())

    def viewers_of(self, camera: str) -> int:
        """How many connections show this camera, through any worker."""
        stats = (header.cameras.get(camera) for header in self._others().values())
        return self._own.own_viewers_of(camera) + sum(of.viewers for of in stats if of is not None)

    def changed(self) -> None:
        """Somebody has come or gone here: the others shall know soon."""
        if self._telling is not None and self._next.when() > self._loop.time() + AFTER_A_CHANGE_SECONDS:
            self._tell_in(AFTER_A_CHANGE_SECONDS)

    def close(self) -> None:
        """Tell and hear no more."""
        if self._telling is not None:
            self._next.cancel()
            self._links.append(self._telling)
            self._telling = None
        for socket, receiver in self._links:
            receiver.close()
            socket.close()
        self._links.clear()

    def _others(self) -> dict[int, ViewersHeader]:
        """The figures of the other workers that are there, as they last said."""
        oldest = time.monotonic() - SILENT_SECONDS
        return {number: heard.header for number, heard in self._heard.items() if heard.at > oldest}

    def _tell_at(self, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        """XPUB, not PUB: a worker that has just started subscribes, and is told at once."""
        socket = sockets.make(context, zmq.XPUB)
        socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        socket.setsockopt(zmq.SNDHWM, SEND_HIGH_WATER_MARK)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        socket.bind(endpoint)
        self._telling = socket, AsyncReceiver(socket, lambda _: self.changed())
        self._next = self._loop.call_later(INTERVAL_SECONDS, self._tell)

    def _tell_in(self, seconds: float) -> None:
        self._next.cancel()
        self._next = self._loop.call_later(seconds, self._tell)

    def _tell(self) -> None:
        assert self._telling is not None  # else the timer would have been cancelled
        socket, receiver = self._telling
        socket.send(pack("viewers", worker_name(self.own_number), self._own.own_stats()))
        self._tell_in(INTERVAL_SECONDS)
        self._losses.flush()
        receiver.drain()

    def _listen_to(self, other: int, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        socket = sockets.subscriber(context, endpoint, topic("viewers", worker_name(other)))
        self._links.append((socket, AsyncReceiver(socket, partial(self._take, other))))

    def _take(self, other: int, parts: list[bytes]) -> None:
        try:
            _, header = parse(parts[-1], ViewersHeader)
        except WireError as error:
            self._losses.count("malformed messages dropped", str(error))
            return
        self._heard[other] = Heard(time.monotonic(), header)
