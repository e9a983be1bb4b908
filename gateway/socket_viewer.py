"""Viewers behind a websocket: one of a single camera, and the page, which shows many on one connection."""

from collections import OrderedDict

import msgspec
from tornado.websocket import WebSocketHandler, WebSocketProtocol13

from gateway.access.identity import Identity
from gateway.feed import Feed
from gateway.line import StreamLine
from gateway.shot import FIN_TEXT, Shot, websocket_message
from gateway.viewer import Viewer

ACK_WINDOW = 2
"""Frames of a camera under way to the page: one being drawn, and one on the line, so that a long line is kept busy."""
GOING_AWAY = 1001
"""Close code of RFC 6455, section 7.4.1."""


class SocketViewer(Viewer):
    """Tornado reads and answers control frames; pictures, framed once for all viewers, are written past its framing."""

    def __init__(self, handler: WebSocketHandler, identity: Identity) -> None:
        """The handler's websocket is open; its owner closes it."""
        protocol = handler.ws_connection
        assert isinstance(protocol, WebSocketProtocol13)  # Tornado has no other
        assert protocol.stream is not None  # it is open
        super().__init__(StreamLine(protocol.stream), identity)
        self._handler = handler

    def close(self) -> None:
        """Say goodbye, and send nothing more, whether that is answered or not."""
        self.end()
        self._handler.close(GOING_AWAY, "the gateway stops")


class CameraViewer(SocketViewer):
    """Shows one camera as bare JPEGs."""

    def __init__(self, handler: WebSocketHandler, feed: Feed, identity: Identity) -> None:
        super().__init__(handler, identity)
        self._feed = feed
        self._shown: Shot | None = None

    def next_message(self) -> bytes | None:
        """The newest picture."""
        shot = self._feed.notice or self._feed.shot
        if shot is None or shot is self._shown:
            return None
        self._shown = shot
        self._feed.figures.sent_to_viewer(shot, shot.jpeg_message)
        return shot.jpeg_message

    def leave(self) -> None:
        """The client has gone."""
        self._feed.leave(self)


class Watching:
    """How far the page is with one camera."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.shown: Shot | None = None
        self.unacknowledged: set[int] = set()
        self._skipped: Shot | None = None

    def next_shot(self) -> Shot | None:
        """The newest frame, if the page has not got it and can take one."""
        shot = self.feed.shot
        if shot is None or shot is self.shown:
            return None
        if len(self.unacknowledged) >= ACK_WINDOW:
            self._count_skipped(shot)
            return None
        return shot

    def _count_skipped(self, shot: Shot) -> None:
        """Once a frame, however often it is asked for."""
        if shot is not self._skipped:
            self._skipped = shot
            self.feed.figures.skipped_page += 1


class PageViewer(SocketViewer):
    """Shows many cameras on one connection, each as fast as the page acknowledges; statuses go first."""

    def __init__(self, handler: WebSocketHandler, identity: Identity) -> None:
        super().__init__(handler, identity)
        self._watching: OrderedDict[str, Watching] = OrderedDict()
        self._statuses: dict[str, Feed] = {}
        self._answers: dict[str, bytes] = {}

    def next_message(self) -> bytes | None:
        """An answer or a status that is due, else the newest frame of the camera that has waited longest."""
        if self._answers:
            _, answer = self._answers.popitem()
            return websocket_message(answer, FIN_TEXT)
        if self._statuses:
            _, feed = self._statuses.popitem()
            return websocket_message(feed.status_message)
        for camera, watching in self._watching.items():
            shot = watching.next_shot()
            if shot is not None:
                watching.shown = shot
                watching.unacknowledged.add(shot.frame.seq)
                watching.feed.figures.sent_to_viewer(shot, shot.bus_message)
                self._watching.move_to_end(camera)
                return shot.bus_message
        return None

    def answer(self, kind: str, **answer: object) -> None:
        """Tell the page something that it asked for, as JSON; one answer of a kind waits at the most, the newest."""
        self._answers[kind] = msgspec.json.encode(answer)
        self.wake()

    def tell_status(self, feed: Feed) -> None:
        """A camera's status has changed: the newest goes out when the line is free."""
        self._statuses[feed.camera] = feed
        self.wake()

    def watch(self, feeds: list[Feed]) -> None:
        """Show these cameras from now on, and no others."""
        wanted = {feed.camera: feed for feed in feeds}
        for camera in [camera for camera in self._watching if camera not in wanted]:
            self._watching.pop(camera).feed.leave(self)
        for camera, feed in wanted.items():
            if camera not in self._watching:
                self._watching[camera] = Watching(feed)
                feed.join(self)

    def leave(self) -> None:
        """The page has gone."""
        self.watch([])

    def acknowledge(self, camera: str, seq: int) -> None:
        """The page has drawn a frame. One that was never sent is passed over."""
        if camera in self._watching:
            self._watching[camera].unacknowledged.discard(seq)
            self.wake()
