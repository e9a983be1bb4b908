"""The snapshot service's subscriptions: always the quiet kinds of every camera, the others while they are needed."""

import time

import zmq

from framebus.config.load import Config
from framebus.protocol.wire import Kind, topic
from framebus.transport import endpoints, sockets
from framebus.transport.reconnecting_socket import ReconnectingSocket

LINGER_SECONDS = 2.0
"""How long a camera is kept awake for stills: who polls for fresh ones does not wake it each time."""
ALWAYS: tuple[Kind, ...] = ("peek", "status")


class Subscriptions:
    """A socket for each kind and camera, since one that conflates holds one message in all. Closed by its maker."""

    def __init__(self, config: Config, context: "zmq.Context[zmq.Socket[bytes]]", poller: zmq.Poller) -> None:
        """The captures need not run yet. Each socket is in the poller while it is here."""
        self._peers = {camera: endpoints.frames(config, camera) for camera in config.cameras}
        self._context = context
        self._poller = poller
        self._sockets: dict[tuple[Kind, str], ReconnectingSocket] = {}
        self._needed_at: dict[tuple[Kind, str], float] = {}
        for camera in config.cameras:
            for kind in ALWAYS:
                self._open(kind, camera)

    def items(self) -> list[tuple[Kind, str, "zmq.Socket[bytes]"]]:
        """Every subscription of now: its kind, its camera, its socket."""
        return [(kind, camera, socket) for (kind, camera), socket in self._sockets.items()]

    def check(self) -> None:
        """To be called about once a second: connects again where libzmq gave up."""
        for socket in self._sockets.values():
            socket.check()

    def need(self, kind: Kind, camera: str, *, needed: bool) -> None:
        """Subscribe at once where it is needed, and give it up some time after it was needed last.

        For `full/` at once: a subscription is what asks for the one frame.
        """
        key = kind, camera
        if needed:
            self._needed_at[key] = time.monotonic()
            if key not in self._sockets:
                self._open(kind, camera)
        elif key in self._sockets and (kind == "full" or time.monotonic() - self._needed_at[key] > LINGER_SECONDS):
            socket = self._sockets.pop(key)
            self._poller.unregister(socket)
            socket.close()

    def _open(self, kind: Kind, camera: str) -> None:
        socket = sockets.subscriber(self._context, self._peers[camera], topic(kind, camera))
        self._sockets[kind, camera] = socket
        self._poller.register(socket, zmq.POLLIN)
