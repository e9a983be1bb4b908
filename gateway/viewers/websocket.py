"""Viewers on a websocket: of one camera, and of the page, which shows many cameras on one connection."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from gateway.access.identity import Identity
from gateway.cameras.feed import Feed
from gateway.cameras.recordings_reader import RecordingsReader
from gateway.delivery.encoded_frame import FIN_PING, FIN_TEXT, EncodedFrame, websocket_message
from gateway.delivery.viewer import STOPPING, Ending, StatusSource, Viewer
from gateway.net.transport import StreamTransport
from gateway.viewers.camera_watch import AS_IT_IS, CameraWatch, Wanted
from gateway.viewers.fair_order import FairOrder
from gateway.viewers.link_adaptation import TICK_SECONDS, LinkAdaptation
from gateway.viewers.link_budget import LinkBudget
from gateway.viewers.playback import Playback
from gateway.viewers.playback_requests import Play, Seek
from gateway.viewers.playbacks import PREFIX, Playbacks

MAX_UNSENT_EVENTS = 64
"""For a page whose connection takes nothing; the oldest are left out beyond that."""


class SocketViewer(Viewer):
    """Tornado reads, and answers control frames. Pictures are framed once for all viewers and bypass its framing."""

    def __init__(self, handler: WebSocketHandler, identity: Identity) -> None:
        """Make a viewer of a handler whose websocket is open; its owner closes it."""
        protocol = handler.ws_connection
        assert isinstance(protocol, WebSocketProtocol13)  # Tornado has no other
        assert protocol.stream is not None  # it is open
        super().__init__(StreamTransport(protocol.stream), identity)
        self._handler = handler

    def close(self, ending: Ending = STOPPING) -> None:
        """Send a close frame that says why, and nothing after it."""
        self.end()
        self._handler.close(ending.code, ending.reason)


class CameraViewer(SocketViewer):
    """Shows one camera as bare JPEGs."""

    kind = "websocket"

    def __init__(self, handler: WebSocketHandler, feed: Feed, identity: Identity, wanted: Wanted = AS_IT_IS) -> None:
        super().__init__(handler, identity)
        self.has_more = False
        self._watch = CameraWatch(feed, self, wanted)

    @property
    def cameras(self) -> list[str]:
        """The one camera."""
        return [self._watch.feed.camera]

    def join(self) -> None:
        """Begin to show the camera."""
        self._watch.join()

    def on_frame(self, encoded: EncodedFrame) -> None:
        """Send a frame that has come, without the questions of `next_message` where it is the answer."""
        if self.in_flight or self._ended or not self._watch.takes(encoded):
            self.wake()
            return
        message = encoded.jpeg_message
        self._watch.sent(encoded, message)
        self.in_flight = not self._transport.send(message)

    def next_message(self) -> bytes | None:
        """Return the newest picture."""
        encoded = self._watch.newest(with_offline_image=True)
        if encoded is None:
            return None
        self._watch.sent(encoded, encoded.jpeg_message)
        return encoded.jpeg_message

    def leave(self) -> None:
        """Remove the viewer from its camera."""
        self._watch.leave()


class WatchedCamera(CameraWatch):
    """What the page has received of one camera."""

    def __init__(self, feed: Feed, viewer: Viewer, wanted: Wanted = AS_IT_IS) -> None:
        super().__init__(feed, viewer, wanted)
        self.unacknowledged: dict[int, tuple[int, int]] = {}
        """By `seq`: the level and the bytes of the frame."""
        self._skipped: EncodedFrame | None = None

    def next_frame(self, window: int) -> EncodedFrame | None:
        """Return the newest frame, if the page has not received it and has drawn enough of those before."""
        encoded = self.newest()
        if encoded is None:
            return None
        if len(self.unacknowledged) >= window:
            self.count_skipped(encoded)
            return None
        return encoded

    def count_skipped(self, encoded: EncodedFrame) -> None:
        """Count a skipped frame once."""
        if encoded is not self._skipped:
            self._skipped = encoded
            self.feed.stats.skipped_page += 1


class PageViewer(SocketViewer):
    """Shows many cameras on one connection, as fast as the page acknowledges; statuses have priority.

    What is under way to the page is limited for all cameras together: see gateway.viewers.link_budget. A camera that is
    watched with a width gets smaller where the link needs it: see gateway.viewers.link_adaptation.
    """

    kind = "page"

    def __init__(self, handler: WebSocketHandler, identity: Identity, recordings: RecordingsReader) -> None:
        super().__init__(handler, identity)
        self._watching: dict[str, WatchedCamera] = {}
        self._order = FairOrder()
        self._budget = LinkBudget()
        self._adaptation = LinkAdaptation(self._budget)
        self._ticker: asyncio.TimerHandle | None = None
        self._pings = 0
        self._statuses: dict[str, StatusSource] = {}
        self._answers: dict[str, bytes] = {}
        self._events: dict[str, bytes] = {}
        """By id: the newest message of each event that was not sent yet."""
        self._first: str | None = None
        self._playbacks = Playbacks(
            recordings,
            wake=self.wake,
            say=lambda kind, camera, values: self.answer(f"{kind}/{camera}", **{kind: values}),
            bytes_a_second=lambda: self._budget.best_capacity(time.monotonic()),
        )

    @property
    def cameras(self) -> list[str]:
        """Those that are in sight."""
        return sorted(self._watching)

    def next_message(self) -> bytes | None:
        """Return an answer or a status that is due, else the newest frame of the camera that has waited longest."""
        self.has_more = True
        if self._answers:
            _, answer = self._answers.popitem()
            return websocket_message(answer, FIN_TEXT)
        if self._events:
            return websocket_message(self._events.pop(next(iter(self._events))))
        if self._statuses:
            _, camera = self._statuses.popitem()
            return websocket_message(camera.status_message)
        now = time.monotonic()
        if self._budget.is_ping_due(now):
            return self._ping(now)
        return self._next_frame(now)

    def answer(self, kind: str, **answer: object) -> None:
        """Send JSON that the page asked for; of each kind of answer at most one waits, the newest."""
        self._answers[kind] = msgspec.json.encode(answer)
        self.wake()

    def seek(self, seek: Seek) -> None:
        """Show a recorded frame; without a moment, end the playback of the camera."""
        if seek.at is None:
            for seq in self._playbacks.end(seek.camera):
                self._budget.forget(PREFIX + seek.camera, seq)
        else:
            self._playbacks.seek(seek)
        self._order_cameras()
        self.wake()

    def play(self, play: Play) -> None:
        """Show recordings as a film."""
        self._playbacks.play(play)
        self._order_cameras()

    def on_status(self, camera: StatusSource) -> None:
        """The status of a camera has changed: the newest is sent when the connection is free."""
        self._statuses[camera.camera] = camera
        self.wake()

    def on_event(self, event_id: str, message: bytes) -> None:
        """Something happens: the newest message of each event is sent when the connection is free."""
        self._events[event_id] = message
        while len(self._events) > MAX_UNSENT_EVENTS:
            self._events.pop(next(iter(self._events)))
        self.wake()

    def on_cameras(self, cameras: Sequence[str]) -> None:
        """Send the names of the cameras that it may see, in their order; the page reads the rest from /api/cameras."""
        self.answer("cameras", cameras=[camera for camera in cameras if self.identity.sees(camera)])

    def on_camera_closed(self, feed: StatusSource, successor: StatusSource | None) -> None:
        """Watch the camera that takes its place, if this page watched it."""
        self._statuses.pop(feed.camera, None)
        if successor is None:
            self.seek(Seek(feed.camera))
        wanted = {camera: watched.wanted for camera, watched in self._watching.items()}
        feeds = [watched.feed for watched in self._watching.values()]
        if feed not in feeds:
            return
        others = [other for other in feeds if other is not feed]
        self.watch(others, wanted, self._first)
        if isinstance(successor, Feed):
            self.watch([*others, successor], wanted, self._first)

    def watch(
        self, feeds: Iterable[Feed], wanted: Mapping[str, Wanted] | None = None, first: str | None = None
    ) -> None:
        """Show these cameras from now on, and no others.

        Args:
            feeds: the cameras.
            wanted: of a camera, by its name, in which size and how often; the others as they are.
            first: the camera that goes before the others.
        """
        wanted = wanted or {}
        self._first = first
        shown = {feed.camera: feed for feed in feeds}
        for camera in [camera for camera in self._watching if camera not in shown]:
            watching = self._watching.pop(camera)
            watching.leave()
            self._adaptation.leave(camera)
            for seq in watching.unacknowledged:
                self._budget.forget(camera, seq)
        added = []
        for camera, feed in shown.items():
            if camera in self._watching:
                self._watching[camera].want(wanted.get(camera, AS_IT_IS))
            else:
                added.append(WatchedCamera(feed, self, wanted.get(camera, AS_IT_IS)))
                self._watching[camera] = added[-1]
        self._order_cameras()
        for camera, watching in self._watching.items():
            self._adapt(camera, watching)
        for watching in added:
            watching.join()  # sends its newest frame, so that everything has to be in place

    def leave(self) -> None:
        """Remove the viewer from all cameras."""
        self._playbacks.close()
        self.watch([])
        if self._ticker is not None:
            self._ticker.cancel()
            self._ticker = None

    def acknowledge(self, camera: str, seq: int) -> None:
        """Take the acknowledgement of a frame; one that was never sent is ignored."""
        playback = self._playbacks.get(camera)
        if playback is not None:
            playback.acknowledge(seq)
            self._budget.acknowledged(camera, seq, time.monotonic())
            self.wake()
        elif camera in self._watching:
            drawn = self._watching[camera].unacknowledged.pop(seq, None)
            self._budget.acknowledged(camera, seq, time.monotonic())
            if drawn is not None:
                self._adaptation.drawn(camera, *drawn)
            self.wake()

    def ponged(self, data: bytes) -> None:
        """Take the answer to a ping; one of Tornado's, or to an earlier ping, is ignored."""
        if data == self._ping_data:
            self._budget.ponged(time.monotonic())
            self.wake()

    @property
    def _ping_data(self) -> bytes:
        return b"link %d" % self._pings

    def _ping(self, now: float) -> bytes:
        self._pings += 1
        self._budget.pinged(now)
        return websocket_message(self._ping_data, FIN_PING)

    def _adapt(self, camera: str, watching: WatchedCamera) -> None:
        """Let the size of a camera follow the link, unless it is to be as it is."""
        if watching.wanted.adapt:
            self._adaptation.watch(camera, watching.wanted_level)
            watching.reduce_to(self._adaptation.level(camera))
        else:
            self._adaptation.leave(camera)
            watching.reduce_to(0)

    def _tick(self) -> None:
        """Compare what the link carries with what there is."""
        self._ticker = None
        if not self._watching and not list(self._playbacks):
            return
        self._ticker = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)  # an error does not end it
        offered = {camera: watching.offered_fps() for camera, watching in self._watching.items()}
        self._adaptation.tick(offered, time.monotonic())
        for camera, watching in self._watching.items():
            self._adapt(camera, watching)
        self.wake()

    def _order_cameras(self) -> None:
        """Give turns to what is shown now. The recordings of the camera that goes first go first."""
        recorded = f"{PREFIX}{self._first}"
        self._order.first = recorded if self._playbacks.get(recorded) is not None else self._first
        names = [*self._watching, *self._playbacks]
        self._order.watch(names)
        if names and self._ticker is None:
            self._ticker = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def _next_frame(self, now: float) -> bytes | None:
        """The newest frame of the camera whose turn it is, if there is room for it."""
        for name in self._order:
            playback = self._playbacks.get(name)
            found = self._live_frame(name, now) if playback is None else self._recorded_frame(name, playback, now)
            if found is not None:
                return found or None
        return None

    def _live_frame(self, name: str, now: float) -> bytes | None:
        """What to send of a camera; None for nothing, and empty where there is no room for it."""
        watching = self._watching[name]
        encoded = watching.next_frame(self._budget.window)
        if encoded is None:
            return None
        message = encoded.bus_message
        if not self._budget.has_room(len(message), now):
            watching.count_skipped(encoded)
            return b""
        watching.unacknowledged[encoded.frame.seq] = watching.level, len(message)
        watching.sent(encoded, message)
        self._took(name, encoded.frame.seq, len(message), now)
        self.has_more = len(self._order) > 1 or self._budget.is_ping_due(now)
        return message

    def _recorded_frame(self, name: str, playback: Playback, now: float) -> bytes | None:
        """The same of the recordings of a camera."""
        ready = playback.next(self._budget.window, now)
        if ready is None:
            return None
        if not self._budget.has_room(len(ready.message), now):
            return b""
        if playback.is_stale(ready, now):
            return None
        playback.sent(ready)
        self._took(name, ready.seq, len(ready.message), now)
        texts = [websocket_message(msgspec.json.encode(text), FIN_TEXT) for text in ready.texts]
        return b"".join((*texts, websocket_message(ready.message)))

    def _took(self, name: str, seq: int, size: int, now: float) -> None:
        self._budget.sent(name, seq, size, now)
        self._order.took(name)
