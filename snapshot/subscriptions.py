"""The snapshot service's subscriptions: to `peek/` and `status/` of every camera, to `live/` and `full/` on demand."""

import time
from collections.abc import Mapping

import zmq

from framebus.protocol.wire import Kind, topic
from framebus.transport import sockets
from framebus.transport.endpoints import Endpoint
from framebus.transport.reconnecting_socket import ReconnectingSocket

LINGER_SECONDS = 2.0
"""How long a camera stays awake after the last still that needed it: a client that polls does not wake it each time."""
ALWAYS: tuple[Kind, ...] = ("peek", "status")


class Subscriptions:
    """One socket for each kind and camera, as a socket with CONFLATE holds one message in all. Closed by its owner."""

    def __init__(
        self, endpoints: Mapping[str, Endpoint], context: "zmq.Context[zmq.Socket[bytes]]", poller: zmq.Poller
    ) -> None:
        """Subscribe to what is always needed; the captures need not run yet.

        Args:
            endpoints: where the capture of each camera publishes.
            context: for the sockets.
            poller: every open socket is registered in it.
        """
        self._endpoints: dict[str, Endpoint] = {}
        self._context = context
        self._poller = poller
        self._sockets: dict[tuple[Kind, str], ReconnectingSocket] = {}
        self._needed_at: dict[str, float] = {}
        self.follow(endpoints)

    def follow(self, endpoints: Mapping[str, Endpoint]) -> set[str]:
        """Subscribe to cameras that were added, and unsubscribe from those that were removed.

        Returns:
            The cameras whose endpoint has changed: their subscriptions are new.
        """
        known = self._endpoints
        replaced = {camera for camera, endpoint in endpoints.items() if known.get(camera, endpoint) != endpoint}
        for kind, camera in list(self._sockets):
            if camera not in endpoints or camera in replaced:
                self._close(kind, camera)
        new = [camera for camera in endpoints if camera not in self._endpoints or camera in replaced]
        self._endpoints = dict(endpoints)
        self._needed_at = {camera: at for camera, at in self._needed_at.items() if camera in endpoints}
        for camera in new:
            for kind in ALWAYS:
                self._open(kind, camera)
        return replaced

    def items(self) -> list[tuple[Kind, str, "zmq.Socket[bytes]"]]:
        """Return the open subscriptions: kind, camera, socket."""
        return [(kind, camera, socket) for (kind, camera), socket in self._sockets.items()]

    def check(self) -> None:
        """Connect again where libzmq gave up. To be called about once a second."""
        for socket in self._sockets.values():
            socket.check()

    def set_live(self, camera: str, *, needed: bool) -> None:
        """Subscribe to `live/` at once when it is needed, and unsubscribe LINGER_SECONDS after it was needed last."""
        is_open = ("live", camera) in self._sockets
        if needed:
            self._needed_at[camera] = time.monotonic()
            if not is_open:
                self._open("live", camera)
        elif is_open and time.monotonic() - self._needed_at[camera] > LINGER_SECONDS:
            self._close("live", camera)

    def request_full(self, camera: str) -> None:
        """Ask for one frame of full size: each subscription to `full/` asks for one."""
        socket = self._sockets.get(("full", camera))
        if socket is None:
            self._open("full", camera)
        else:
            socket.setsockopt(zmq.UNSUBSCRIBE, topic("full", camera))
            socket.setsockopt(zmq.SUBSCRIBE, topic("full", camera))

    def close_full(self, camera: str) -> None:
        """Unsubscribe from `full/`; may be called when there is no subscription."""
        if ("full", camera) in self._sockets:
            self._close("full", camera)

    def _open(self, kind: Kind, camera: str) -> None:
        socket = sockets.subscriber(self._context, self._endpoints[camera], topic(kind, camera))
        self._sockets[kind, camera] = socket
        self._poller.register(socket, zmq.POLLIN)

    def _close(self, kind: Kind, camera: str) -> None:
        socket = self._sockets.pop((kind, camera))
        self._poller.unregister(socket)
        socket.close()
