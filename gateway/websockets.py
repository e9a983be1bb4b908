"""The two websockets: /camera/NAME/ws for any client, the page's /ws. How they deliver is in gateway.socket_viewer."""

import time

import msgspec
from tornado.websocket import WebSocketHandler

from gateway.cameras import Cameras, unknown_camera
from gateway.errors import Answering, Refusal
from gateway.socket_viewer import CameraViewer, PageViewer

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


class CameraSocket(Answering, WebSocketHandler):
    """/camera/NAME/ws: each binary message is one JPEG."""

    def initialize(self, cameras: Cameras) -> None:
        """Called by Tornado with what the route table names."""
        self._cameras = cameras
        self._viewer: CameraViewer | None = None

    def prepare(self) -> None:
        """Refuse before the handshake what cannot be served."""
        self._feed = self._cameras.named(self.path_args[0])
        self._cameras.check_room()

    def open(self, *args: str, **kwargs: str) -> None:
        """The handshake is done."""
        self._viewer = CameraViewer(self, self._feed)
        self._cameras.admit(self._viewer)
        self._feed.join(self._viewer)

    def on_message(self, message: str | bytes) -> None:
        """Nothing is expected; whatever comes is passed over."""

    def on_close(self) -> None:
        """The client has left."""
        if self._viewer is not None:
            self._cameras.release(self._viewer)
            self._viewer.leave()


class PageSocket(Answering, WebSocketHandler):
    """/ws: messages of the wire format to the page, JSON texts from it. docs/wire-format.md has both."""

    def initialize(self, cameras: Cameras) -> None:
        """Called by Tornado with what the route table names."""
        self._cameras = cameras
        self._viewer: PageViewer | None = None

    def prepare(self) -> None:
        """Refuse before the handshake what cannot be served."""
        asked = self.request.headers.get("Sec-WebSocket-Protocol", SUBPROTOCOL)
        if SUBPROTOCOL not in [protocol.strip() for protocol in asked.split(",")]:
            raise Refusal(400, "subprotocol", f"websocket subprotocol {asked[:40]}; allowed: {SUBPROTOCOL}")
        self._cameras.check_room()

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The only one there is, when it was asked for."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def open(self, *args: str, **kwargs: str) -> None:
        """The handshake is done: say how every camera does."""
        self._viewer = PageViewer(self)
        self._cameras.admit(self._viewer)
        for feed in self._cameras.feeds.values():
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
                self.write_message({"clock": clock, "now": time.time()})
            case None:
                self.close(UNSUPPORTED, 'allowed: {"watch":[…]}, {"ack":…,"seq":…}, {"clock":…}')

    def on_close(self) -> None:
        """The page has left."""
        if self._viewer is not None:
            self._cameras.release(self._viewer)
            self._viewer.leave()

    def _watch(self, viewer: PageViewer, names: list[str]) -> None:
        """A page that was open before a restart may still name a camera that is gone: the others shall be shown."""
        known = [name for name in names if name in self._cameras.feeds]
        viewer.watch([self._cameras.feeds[name] for name in known])
        for name in sorted(set(names) - set(known))[:1]:
            self.write_message({"error": unknown_camera(name, self._cameras.feeds)})
