"""The two websockets: /camera/NAME/ws for any client, /ws for the page. gateway.viewers.websocket sends the frames."""

import time

import msgspec
from tornado.websocket import WebSocketHandler

from gateway.access.permissions import Permission
from gateway.cameras.feed import Feed
from gateway.cameras.registry import CameraRegistry, unknown_camera
from gateway.http.base_handler import BaseHandler
from gateway.net.errors import HttpError
from gateway.viewers.websocket import CameraViewer, PageViewer

SUBPROTOCOL = "framebus.v1"
MAX_MESSAGE_BYTES = 16 * 1024
"""Nothing that a client says is longer; Tornado closes the connection at more."""
UNSUPPORTED = 1003
"""Close code of RFC 6455, section 7.4.1."""


class Watch(msgspec.Struct, frozen=True):
    """{"watch": ["front"]}: these cameras, and no others."""

    watch: list[str]


class Ack(msgspec.Struct, frozen=True):
    """{"ack": "front", "seq": 42}: this frame was drawn, or given up."""

    ack: str
    seq: int


class Clock(msgspec.Struct, frozen=True):
    """{"clock": 1234.5}: what time is it where you are?"""

    clock: float


_DECODERS: tuple[msgspec.json.Decoder[Watch | Ack | Clock], ...] = (
    msgspec.json.Decoder(Ack),
    msgspec.json.Decoder(Watch),
    msgspec.json.Decoder(Clock),
)


def said(message: str) -> Watch | Ack | Clock | None:
    """What the page says; None for what is none of these."""
    for decoder in _DECODERS:
        try:
            return decoder.decode(message)
        except (msgspec.DecodeError, RecursionError):
            continue
    return None


class Socket(BaseHandler, WebSocketHandler):
    """What both have in common."""

    def initialize(self, permission: Permission, cameras: CameraRegistry) -> None:
        """Called by Tornado with what the route table names."""
        self.permission = permission
        self._cameras = cameras

    def check_origin(self, origin: str) -> bool:
        """Called by Tornado; whoever may not come from there was refused before."""
        return True

    async def prepare(self) -> None:
        """Refuse before the handshake what cannot be served."""
        await super().prepare()
        if self._finished:  # sent to the login page
            return
        if self.request.version != "HTTP/1.1":  # RFC 6455, section 4.1
            raise HttpError(400, "version", f"websocket over {self.request.version}; allowed: HTTP/1.1")
        self._cameras.check_room()


class CameraSocket(Socket):
    """/camera/NAME/ws: each binary message is one JPEG."""

    _viewer: CameraViewer | None = None

    async def prepare(self) -> None:
        """Refuse an unknown camera, too."""
        await super().prepare()
        if not self._finished:
            self._feed = self._cameras.named(self.path_args[0], self.identity)

    def open(self, *args: str, **kwargs: str) -> None:
        """The handshake is done."""
        self._viewer = CameraViewer(self, self._feed, self.identity)
        self._cameras.admit(self._viewer)
        self._feed.join(self._viewer)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected; whatever comes is passed over."""

    def on_close(self) -> None:
        """The client has left."""
        if self._viewer is not None:
            self._cameras.release(self._viewer)
            self._viewer.leave()


class PageSocket(Socket):
    """/ws: messages of the wire format to the page, JSON texts from it. docs/wire-format.md has both."""

    _viewer: PageViewer | None = None

    async def prepare(self) -> None:
        """Refuse another subprotocol, too."""
        await super().prepare()
        if self._finished:
            return
        asked = self.request.headers.get("Sec-WebSocket-Protocol", SUBPROTOCOL)
        if SUBPROTOCOL not in [protocol.strip() for protocol in asked.split(",")]:
            raise HttpError(400, "subprotocol", f"websocket subprotocol {asked[:40]}; allowed: {SUBPROTOCOL}")

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The only one there is, when it was asked for."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def open(self, *args: str, **kwargs: str) -> None:
        """The handshake is done: say how every camera does."""
        self._viewer = PageViewer(self, self.identity)
        self._cameras.admit(self._viewer)
        for feed in self._seen().values():
            self._viewer.tell_status(feed)

    def on_message(self, message: str | bytes) -> None:
        """Do what the page says; close on what it cannot have said."""
        assert self._viewer is not None  # open
        match said(message) if isinstance(message, str) else None:
            case Ack(camera, seq):
                self._viewer.acknowledge(camera, seq)
            case Watch(names):
                self._watch(self._viewer, names)
            case Clock(clock):
                self._viewer.answer("clock", clock=clock, now=time.time())
            case None:
                self._viewer.end()
                self.close(UNSUPPORTED, 'allowed: {"watch":[…]}, {"ack":…,"seq":…}, {"clock":…}')

    def on_close(self) -> None:
        """The page has left."""
        if self._viewer is not None:
            self._cameras.release(self._viewer)
            self._viewer.leave()

    def _watch(self, viewer: PageViewer, names: list[str]) -> None:
        """A page that was open before a restart may still name a camera that is gone: the others shall be shown."""
        seen = self._seen()
        viewer.watch([seen[name] for name in names if name in seen])
        for name in sorted(set(names) - seen.keys())[:1]:
            viewer.answer("error", error=unknown_camera(name, seen))

    def _seen(self) -> dict[str, Feed]:
        """The cameras that there are for this page, by name."""
        return {name: feed for name, feed in self._cameras.feeds.items() if self.identity.sees(name)}
