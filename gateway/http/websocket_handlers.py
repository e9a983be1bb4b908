"""The two websockets: /camera/NAME/ws for any client, /ws for the page. gateway.viewers.websocket sends the frames."""

import time

import msgspec
from tornado.iostream import IOStream
from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from framebus.protocol.unknown_camera import unknown_camera
from gateway.cameras.feed import Feed
from gateway.cameras.registry import CameraRegistry
from gateway.delivery.viewer import CAMERA_GONE
from gateway.http.base_handler import BaseHandler
from gateway.http.stream_query import Fps, parse_query
from gateway.net.counted_stream import CountedStream
from gateway.net.errors import HttpError
from gateway.viewers.camera_watch import Wanted
from gateway.viewers.playback_requests import Play, PlayMessage, Seek, SeekMessage
from gateway.viewers.websocket import CameraViewer, PageViewer

SUBPROTOCOL = "framebus.v1"
MAX_MESSAGE_BYTES = 16 * 1024
"""The longest message that a client may send; Tornado closes the connection at a longer one."""
UNSUPPORTED = 1003
"""Close code of RFC 6455, section 7.4.1."""
ALLOWED = 'allowed: {"watch":…}, {"ack":…,"seq":…}, {"clock":…}, {"events":[…]}, {"seek":{…}}, {"play":{…}}'

VERSIONS = ("13", "8", "7")
"""Of RFC 6455, and of two drafts that are the same on the wire."""
MAX_UNSENT_PONGS = 64
"""Pings that a client may send while it does not read what is sent to it; RFC 6455 asks for an answer to each."""


class WatchOptions(msgspec.Struct, frozen=True):
    """How a camera of the page is watched."""

    width: float | None = None
    """Pixels of the screen that its picture covers: the smallest frames that are at least so wide are sent."""
    fps: Fps | None = None
    """Frames a second at most."""
    first: bool = False
    """Whether it goes before the others where the link does not carry all: it is enlarged or in fullscreen."""

    @property
    def wanted(self) -> Wanted:
        """The same for a viewer."""
        return Wanted(self.width, self.fps, adapt=self.width is not None)


class Watch(msgspec.Struct, frozen=True):
    """{"watch": ["front"]} or {"watch": {"front": {"width": 640}}}: send these cameras, and no others."""

    watch: list[str] | dict[str, WatchOptions]

    @property
    def cameras(self) -> dict[str, WatchOptions]:
        """The cameras by name."""
        return self.watch if isinstance(self.watch, dict) else dict.fromkeys(self.watch, WatchOptions())


class Ack(msgspec.Struct, frozen=True):
    """{"ack": "front", "seq": 42}: the page has drawn this frame, or dropped it."""

    ack: str
    seq: int


class Clock(msgspec.Struct, frozen=True):
    """{"clock": 1234.5}: asks for the time of the server."""

    clock: float


class Events(msgspec.Struct, frozen=True):
    """{"events": ["front"]}: send what happens in front of these cameras, and of no others."""

    events: list[str]


PageMessage = Watch | Ack | Clock | Events | SeekMessage | PlayMessage
_DECODERS: tuple[msgspec.json.Decoder[PageMessage], ...] = (
    msgspec.json.Decoder(Ack),
    msgspec.json.Decoder(Watch),
    msgspec.json.Decoder(Clock),
    msgspec.json.Decoder(Events),
    msgspec.json.Decoder(SeekMessage),
    msgspec.json.Decoder(PlayMessage),
)


def parse_message(message: str) -> PageMessage | None:
    """Decode a message of the page; None for one that is not valid."""
    for decoder in _DECODERS:
        try:
            return decoder.decode(message)
        except (msgspec.DecodeError, RecursionError):
            continue
    return None


def _has_token(header: str, token: str) -> bool:
    return token in [part.strip().lower() for part in header.split(",")]


class ViewerSocket(BaseHandler, WebSocketHandler):
    """What both have in common."""

    _viewer: CameraViewer | PageViewer | None = None
    _unsent_pongs = 0

    @property
    def _cameras(self) -> CameraRegistry:
        return self.services.cameras

    def check_origin(self, origin: str) -> bool:
        """Called by Tornado; `prepare` has checked the origin already."""
        return True

    async def prepare(self) -> None:
        """Refuse before the handshake what cannot be served."""
        await super().prepare()
        if self._finished or self.request.method != "GET":  # redirected to the login page, or no handshake at all
            return
        if self.request.version != "HTTP/1.1":  # RFC 6455, section 4.1
            raise HttpError(400, "version", f"websocket over {self.request.version}; allowed: HTTP/1.1")
        self._check_handshake()
        self._cameras.check_capacity()

    def _check_handshake(self) -> None:
        """Raises HttpError for a request that is no handshake (RFC 6455, section 4.2.1)."""
        headers = self.request.headers
        is_upgrade = _has_token(headers.get("Upgrade", ""), "websocket")
        if not is_upgrade or not _has_token(headers.get("Connection", ""), "upgrade"):
            raise HttpError(426, "upgrade", "this path is a websocket (RFC 6455); open it with a websocket client")
        if headers.get("Sec-WebSocket-Version") not in VERSIONS:
            raise HttpError(426, "upgrade", "the Sec-WebSocket-Version is not supported; allowed: 13")
        if not headers.get("Sec-WebSocket-Key"):
            raise HttpError(400, "bad-request", "a websocket handshake without Sec-WebSocket-Key")

    def on_ping(self, data: bytes) -> None:
        """Called by Tornado, which has answered already: end a client that sends pings and reads no answers."""
        stream = self._stream
        self._unsent_pongs = self._unsent_pongs + 1 if stream is not None and stream.writing() else 0
        if stream is not None and self._unsent_pongs > MAX_UNSENT_PONGS:
            stream.close()

    def on_close(self) -> None:
        """Called by Tornado when the client has left."""
        if self._viewer is not None:
            self._cameras.remove_viewer(self._viewer)
            self._viewer.leave()

    @property
    def _stream(self) -> IOStream | None:
        return self.ws_connection.stream if isinstance(self.ws_connection, WebSocketProtocol13) else None

    def _is_disconnected(self) -> bool:
        """Whether the client has left during the handshake."""
        return self._stream is None or self._stream.closed()


class CameraSocket(ViewerSocket):
    """/camera/NAME/ws: each binary message is one JPEG."""

    async def prepare(self) -> None:
        """Refuse an unknown camera, too."""
        await super().prepare()
        if not self._finished and self.request.method == "GET":
            self._feed = self._cameras.get(self.path_args[0], self.identity)
            query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
            self._wanted = parse_query(query).wanted

    def open(self, *args: str, **kwargs: str) -> None:
        """Called by Tornado after the handshake."""
        if self._is_disconnected():
            return
        if self._feed.is_closed:  # it was removed during the handshake
            self.close(CAMERA_GONE.code, CAMERA_GONE.reason)
            return
        self._viewer = CameraViewer(self, self._feed, self.identity, self._wanted)
        self._viewer.address = self.client.address
        self._cameras.add_viewer(self._viewer)
        self._viewer.join()

    def on_message(self, message: str | bytes) -> None:
        """Called by Tornado; the client has nothing to say, and messages are ignored."""


class PageSocket(ViewerSocket):
    """/ws: messages of the wire format to the page, JSON texts from it. docs/wire-format.md describes both."""

    _viewer: PageViewer | None = None

    async def prepare(self) -> None:
        """Refuse another subprotocol, too."""
        await super().prepare()
        if self._finished:
            return
        requested = self.request.headers.get("Sec-WebSocket-Protocol", SUBPROTOCOL)
        if not self._finished and SUBPROTOCOL not in [protocol.strip() for protocol in requested.split(",")]:
            raise HttpError(400, "subprotocol", f"websocket subprotocol {requested[:40]}; allowed: {SUBPROTOCOL}")

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Called by Tornado."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    def open(self, *args: str, **kwargs: str) -> None:
        """Called by Tornado after the handshake: send the names of the cameras, and the status of each."""
        if self._is_disconnected():
            return
        if isinstance(self._stream, CountedStream):
            self._stream.read_ahead()  # the page acknowledges each frame
        self._viewer = PageViewer(self, self.identity, self.services.recordings)
        self._viewer.address = self.client.address
        self._cameras.add_viewer(self._viewer)
        # The page may have shown others before: of an earlier connection, or as another worker lists them.
        self._viewer.on_cameras(list(self._cameras.feeds))
        for feed in self._visible_cameras().values():
            self._viewer.on_status(feed)

    def on_pong(self, data: bytes) -> None:
        """Called by Tornado: the answer to a ping, perhaps to one of the viewer."""
        if self._viewer is not None:
            self._viewer.ponged(data)

    def on_message(self, message: str | bytes) -> None:
        """Called by Tornado: do what the page asks for, and close the connection at an invalid message."""
        if self._viewer is None:
            return
        match parse_message(message) if isinstance(message, str) else None:
            case Ack(camera, seq):
                self._viewer.acknowledge(camera, seq)
            case Watch() as watch:
                self._watch(self._viewer, watch.cameras)
            case Clock(clock):
                self._viewer.answer("clock", clock=clock, now=time.time())
            case Events(cameras):
                self._send_events(self._viewer, cameras)
            case SeekMessage(seek):
                self._seek(self._viewer, seek)
            case PlayMessage(play):
                self._play(self._viewer, play)
            case None:
                self._viewer.end()
                self.close(UNSUPPORTED, ALLOWED)

    def _watch(self, viewer: PageViewer, cameras: dict[str, WatchOptions]) -> None:
        """A page that was open before a restart may name a camera that no longer exists: the others are sent."""
        visible = self._visible_cameras()
        wanted = {name: options.wanted for name, options in cameras.items()}
        first = next((name for name, options in cameras.items() if options.first), None)
        viewer.watch([visible[name] for name in cameras if name in visible], wanted, first)
        for name in sorted(cameras.keys() - visible.keys())[:1]:
            viewer.answer("error", error=unknown_camera(name, visible))

    def _send_events(self, viewer: PageViewer, cameras: list[str]) -> None:
        visible = self._visible_cameras()
        self.services.events.send_to(viewer, visible.keys() & cameras)
        for name in sorted(set(cameras) - visible.keys())[:1]:
            viewer.answer("error", error=unknown_camera(name, visible))

    def _seek(self, viewer: PageViewer, seek: Seek) -> None:
        refusal = self._refusal(seek.camera)
        if refusal is None:
            viewer.seek(seek)
        else:
            viewer.answer("sought", sought={"camera": seek.camera, "id": seek.id, "captured": None, "reason": refusal})

    def _play(self, viewer: PageViewer, play: Play) -> None:
        refusal = self._refusal(play.camera)
        if refusal is None:
            viewer.play(play)
        else:
            viewer.answer("played", played={"camera": play.camera, "id": play.id, "at": None, "reason": refusal})

    def _refusal(self, camera: str) -> str | None:
        """Why the recordings of a camera are not shown to this client."""
        if not self.identity.may("recordings"):
            return f"{self.identity.name or 'you'} may not do this: it requires the scope recordings"
        visible = self._visible_cameras()
        return None if camera in visible else unknown_camera(camera, visible)

    def on_close(self) -> None:
        """Called by Tornado when the client has left."""
        if self._viewer is not None:
            self.services.events.leave(self._viewer)
        super().on_close()

    def _visible_cameras(self) -> dict[str, Feed]:
        """The cameras that this client may see, by name."""
        return {name: feed for name, feed in self._cameras.feeds.items() if self.identity.sees(name)}
