"""What each path answers, apart from the websockets. The table of paths is in gateway.routes."""

from functools import cache
from pathlib import Path

from tornado.web import StaticFileHandler

from framebus.config import Config
from gateway import api
from gateway.cameras import Cameras
from gateway.errors import Answering, Refusal
from gateway.feed import Feed
from gateway.line import line_of
from gateway.mjpeg import STREAM_HEADERS, UNCACHED
from gateway.mjpeg_viewer import MjpegViewer
from gateway.stills import Stills

PAGE = Path(__file__).parent / "page"
PAGE_FILES = frozenset(file.name for file in PAGE.iterdir() if file.is_file())
FIRST_FRAME_SECONDS = 2.0
"""How long a new viewer waits for a camera that has given no frame yet, before it is told so."""


class CameraHandler(Answering):
    """A handler that serves a camera: the one in the path, else the first."""

    def initialize(self, config: Config, cameras: Cameras, stills: Stills) -> None:
        """Called by Tornado with what the route table names."""
        self.config = config
        self.cameras = cameras
        self.stills = stills

    def feed(self, name: str | None) -> Feed:
        """Raises Refusal when there is no such camera."""
        return self.cameras.named(name) if name is not None else self.cameras.first

    async def stream(self, name: str | None) -> None:
        """Answer with MJPEG; the connection is no longer Tornado's then."""
        feed = self.feed(name)
        self.cameras.check_room()
        status = feed.status
        if status.state == "offline" or await feed.first_shot(FIRST_FRAME_SECONDS) is None:
            reason = feed.status.reason or "it has not given a picture yet"
            raise Refusal(503, "no-frame", f"camera {feed.camera} has no picture: {reason}")
        if self.request.method == "HEAD":
            for header, value in STREAM_HEADERS.items():
                self.set_header(header, value)
            return
        self.cameras.check_room()  # once more: others have come while the first frame was waited for
        stream = self.detach()
        if stream.closed():  # the client has left meanwhile
            return
        try:
            line = line_of(stream)
        except OSError:  # no descriptor is left for it
            stream.close()
            return
        MjpegViewer(feed, self.cameras, line)

    async def still(self, name: str | None) -> None:
        """Answer with one JPEG from the snapshot service."""
        feed = self.feed(name)
        frame = await self.stills.get(feed.camera)
        for header, value in UNCACHED.items():
            self.set_header(header, value)
        self.set_header("Content-Type", "image/jpeg")
        self.set_header("X-Timestamp", f"{frame.captured:.6f}")
        self.finish(frame.jpeg)


class Stream(CameraHandler):
    """/camera/NAME/stream.mjpg and its aliases."""

    async def get(self, name: str | None = None) -> None:
        """An endless answer."""
        await self.stream(name)

    head = get


class Still(CameraHandler):
    """/camera/NAME/snapshot.jpg and its aliases."""

    async def get(self, name: str | None = None) -> None:
        """One picture."""
        await self.still(name)

    head = get


class Page(CameraHandler):
    """/ and /camera/NAME/: the page; and mjpg-streamer's /?action=stream and /?action=snapshot."""

    async def get(self, name: str | None = None) -> None:
        """The page finds out by itself which camera it shows."""
        match self.get_query_argument("action", ""):
            case "stream" if name is None:
                await self.stream(None)
            case "snapshot" if name is None:
                await self.still(None)
            case _:
                self.feed(name)
                self.set_header("Content-Type", "text/html; charset=utf-8")
                self.set_header("Cache-Control", "no-cache")
                self.finish(_index("./" if name is None else "../../"))

    head = get


class ToPage(CameraHandler):
    """/camera/NAME without the last slash."""

    def get(self, name: str) -> None:
        """Relative, so that it also leads there behind a proxy with a prefix."""
        self.redirect(f"{self.feed(name).camera}/")

    head = get


class PageFile(Answering, StaticFileHandler):
    """page/…: the page's own scripts and styles."""

    def set_extra_headers(self, path: str) -> None:
        """Asked for anew each time, by its ETag: an update of framebus must not meet old scripts."""
        self.set_header("Cache-Control", "no-cache")

    async def get(self, path: str, include_body: bool = True) -> None:
        """A file of the page; there are no others."""
        if path not in PAGE_FILES:
            raise Refusal(404, "not-found", f"there is nothing at {self.request.path[:200]}; the page is at /")
        await super().get(path, include_body)


class Api(CameraHandler):
    """/api/cameras"""

    def get(self) -> None:
        """Every camera, in the order of the configuration."""
        self.set_header("Cache-Control", "no-store")
        viewers_of = self.cameras.workers.viewers_of
        self.finish({"cameras": [api.camera(feed, viewers_of(name)) for name, feed in self.cameras.feeds.items()]})

    head = get


class State(CameraHandler):
    """/state, as ustreamer has it, of the first camera."""

    def get(self) -> None:
        """See gateway.api."""
        feed = self.cameras.first
        settings = self.config.cameras[feed.camera]
        viewers = self.cameras.workers.viewers_of(feed.camera)
        self.finish(api.ustreamer_state(feed, viewers, settings.fps, settings.quality))

    head = get


class Health(CameraHandler):
    """/healthz: this process answers."""

    def get(self) -> None:
        """Nothing about the cameras: a supervisor shall not restart a gateway for a camera's fault."""
        self.finish({"ok": True})

    head = get


class Metrics(CameraHandler):
    """/metrics"""

    def get(self) -> None:
        """Imported when first asked for: most never ask."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        from gateway.metrics import registry

        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(registry(self.cameras)))

    head = get


@cache
def _index(base: str) -> str:
    """The page, its links relative to `base`."""
    return (PAGE / "index.html").read_text().replace('<base href="./">', f'<base href="{base}">')
