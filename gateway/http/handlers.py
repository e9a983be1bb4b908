"""What each path answers, apart from the websockets. The table of paths is in gateway.http.routes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import msgspec
from tornado.iostream import StreamClosedError
from tornado.web import StaticFileHandler

from framebus.config.load import Config
from framebus.protocol.controls import ControlsRequest
from framebus.protocol.frame import Frame
from framebus.protocol.stills import ClipHeader, RequestError, SnapshotRequest, clip_from_query, from_query
from gateway.access.permissions import SNAPSHOT, Permission
from gateway.cameras.feed import Feed
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.delivery.mjpeg import STREAM_HEADERS, stream_head
from gateway.http import camera_json, still_headers
from gateway.http.base_handler import BaseHandler
from gateway.http.csp import policy
from gateway.http.static_files import PAGE, PAGE_FILES
from gateway.net.connection_limits import share_of
from gateway.net.errors import HttpError, cors
from gateway.net.rate_limit import MAX_UNDER_WAY, RateLimiter
from gateway.net.transport import transport_of
from gateway.viewers.mjpeg import MjpegViewer

CLIP_TYPES = {"mjpg": "video/x-motion-jpeg", "avi": "video/x-msvideo"}
STATUS_SECONDS = 1.0
"""A camera tells this often how old its newest picture is."""
FIRST_FRAME_SECONDS = 2.0
"""How long a new viewer waits for a camera that has given no frame yet, before it is told so."""


class CameraHandler(BaseHandler):
    """A handler that serves a camera: the one in the path, else the first."""

    _fetching: asyncio.Future[Frame] | None = None
    _left = False

    def initialize(self, permission: Permission, config: Config, cameras: CameraRegistry, stills: StillsClient) -> None:
        """Called by Tornado with what the route table names."""
        self.permission = permission
        self.config = config
        self.cameras = cameras
        self.stills = stills

    def feed(self, name: str | None) -> Feed:
        """The camera of that name, else the first that there is for this client. Raises HttpError without one."""
        return self.cameras.named(name, self.identity) if name is not None else self.cameras.first_for(self.identity)

    async def stream(self, name: str | None) -> None:
        """Answer with MJPEG; the connection is no longer Tornado's then."""
        feed = self.feed(name)
        self.cameras.check_room()
        offline = feed.status.state == "offline"
        if not feed.away and (offline or await feed.first_frame(FIRST_FRAME_SECONDS) is None):
            reason = feed.status.reason or "it has not given a picture yet"
            raise HttpError(503, "no-frame", f"camera {feed.camera} has no picture: {reason}")
        if self.request.method == "HEAD":
            for header, value in STREAM_HEADERS.items():
                self.set_header(header, value)
            return
        self.cameras.check_room()  # once more: others have come while the first frame was waited for
        stream = self.detach()
        if stream.closed():  # the client has left meanwhile
            return
        try:
            line = transport_of(stream)
        except OSError:  # no descriptor is left for it
            stream.close()
            return
        origin = cors(self.config.gateway.allow_origins, self.request.headers.get("Origin"))
        MjpegViewer(feed, self.cameras, line, stream_head(origin), self.identity)

    async def still(self, name: str | None) -> None:
        """Answer with one JPEG from the snapshot service."""
        camera = self.feed(name).camera
        self.check_rate()
        timeout = {"timeout": f"{self.config.gateway.snapshot_timeout:g}"}
        try:
            request = from_query(camera, {**timeout, **self.query()})
        except RequestError as error:
            raise HttpError(400, "bad-request", str(error)) from None
        with self.under_way():
            frame = await self.fetch(request)
        for header, value in still_headers.headers(frame, request).items():
            self.set_header(header, value)
        if still_headers.matches(self.request.headers.get("If-None-Match", ""), still_headers.etag(frame, request)):
            self.set_status(304)
            self.finish()
        else:
            self.finish(frame.jpeg)

    async def fetch(self, request: SnapshotRequest) -> Frame:
        """Get a still; a client that leaves gives up its place. Raises HttpError."""
        stream = getattr(self.request.connection, "stream", None)
        if self._left or stream is None or stream.closed():  # Tornado tells of no connection that ended before
            raise HttpError(503, "gone", "the client has left")
        self._fetching = asyncio.ensure_future(self.stills.get(request))
        try:
            return await self._fetching
        except asyncio.CancelledError:
            raise HttpError(503, "gone", "the client has left") from None

    def on_connection_close(self) -> None:
        """Called by Tornado when the client leaves before the answer is complete."""
        super().on_connection_close()
        self._left = True
        if self._fetching is not None:
            self._fetching.cancel()

    def seen(self) -> list[tuple[str, Feed]]:
        """The cameras that there are for this client, by name."""
        return [(name, feed) for name, feed in self.cameras.feeds.items() if self.identity.sees(name)]

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Have a request for a still under way. Raises HttpError when this address has too many of them."""
        rates: RateLimiter = self.settings["still_rate_limiter"]
        address = self.client.address
        if not rates.begin(address):
            raise HttpError(429, "too-often", f"{MAX_UNDER_WAY} stills for {address} are under way already")
        try:
            yield
        finally:
            rates.end(address)

    def check_rate(self) -> None:
        """Raises HttpError when this address has asked for too many stills lately."""
        rates: RateLimiter = self.settings["still_rate_limiter"]
        address = self.client.address
        wait_seconds = rates.wait_seconds(address)
        if wait_seconds:
            most = f"{self.config.gateway.stills_per_second:g} a second"
            why = f"more stills were asked for from {address} than stills_per_second allows ({most})"
            raise HttpError(429, "too-often", why, wait_seconds)

    def query(self) -> dict[str, str]:
        """The parameters of the URL; of one that is there twice, the last counts."""
        return {name: self.get_query_argument(name) for name in self.request.query_arguments}


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


class Clip(CameraHandler):
    """/camera/NAME/clip.mjpg and clip.avi: the last seconds of the history."""

    async def get(self, name: str, form: str) -> None:
        """The file, page by page, as fast as the client takes it."""
        camera = self.feed(name).camera
        self.check_rate()
        try:
            request = clip_from_query(camera, form, self.query())
        except RequestError as error:
            raise HttpError(400, "bad-request", str(error)) from None
        if self.request.method == "HEAD":
            self.set_clip_headers(camera, form, await self.stills.clip_header(request))
            return
        clip, pages = await self.stills.clip(request, share_of(self.client.address) or "")
        self.set_clip_headers(camera, form, clip)
        try:
            async for page in pages:
                self.write(page)
                await self.flush()
        except StreamClosedError:  # the client has left
            return
        except HttpError:  # it took so long that the rest is gone: a part of a file must not pass for a complete one
            self.detach().close()
        finally:
            pages.close()

    def set_clip_headers(self, camera: str, form: str, clip: ClipHeader) -> None:
        """The headers of a clip."""
        self.set_header("Content-Type", CLIP_TYPES[form])
        self.set_header("Content-Length", str(clip.size))
        self.set_header("Content-Disposition", f'attachment; filename="{camera}.{form}"')
        self.set_header("Cache-Control", "no-store")

    head = get


class Page(CameraHandler):
    """/ and /camera/NAME/: the page; and mjpg-streamer's /?action=stream and /?action=snapshot."""

    def permission_for(self) -> Permission:
        """A still is not the page."""
        return (
            SNAPSHOT if self.get_query_argument("action", "") == "snapshot" and not self.path_args else self.permission
        )

    async def get(self, name: str | None = None) -> None:
        """The page finds out by itself which camera it shows."""
        match self.get_query_argument("action", ""):
            case "stream" if name is None:
                await self.stream(None)
            case "snapshot" if name is None:
                await self.still(None)
            case _:
                if name is not None:
                    self.feed(name)
                self.set_header("Content-Type", "text/html; charset=utf-8")
                self.set_header("Cache-Control", "no-cache")
                self.set_header("Content-Security-Policy", policy(self.config.gateway.allow_frames))
                self.finish(_index("./" if name is None else "../../"))

    head = get


class ToPage(CameraHandler):
    """/camera/NAME without the last slash."""

    def get(self, name: str) -> None:
        """Relative, so that it also leads there behind a proxy with a prefix."""
        self.redirect(f"{self.feed(name).camera}/")  # without its query: a token has no business in a redirect

    head = get


class PageFile(BaseHandler, StaticFileHandler):
    """page/…: the page's own scripts and styles."""

    def initialize(self, permission: Permission, path: str) -> None:  # type: ignore[override]
        """Called by Tornado with what the route table names."""
        self.permission = permission
        StaticFileHandler.initialize(self, path)

    def set_extra_headers(self, path: str) -> None:
        """Asked for anew each time, by its ETag: an update of framebus must not meet old scripts."""
        self.set_header("Cache-Control", "no-cache")

    async def get(self, path: str, include_body: bool = True) -> None:
        """A file of the page; there are no others."""
        if path not in PAGE_FILES:
            raise HttpError(404, "not-found", f"there is nothing at {self.request.path[:200]}; the page is at /")
        await super().get(path, include_body)


class Api(CameraHandler):
    """/api/cameras"""

    def get(self) -> None:
        """Every camera, in the order of the configuration."""
        self.set_header("Cache-Control", "no-store")
        viewers_of = self.cameras.workers.viewers_of
        prefix = self.client.prefix
        self.finish({"cameras": [camera_json.camera(feed, viewers_of(name), prefix) for name, feed in self.seen()]})

    head = get


class Controls(CameraHandler):
    """/api/cameras/NAME/controls: what can be set in a camera."""

    async def get(self, name: str) -> None:
        """List them."""
        await self.answer(name, ControlsRequest())

    async def patch(self, name: str) -> None:
        """Set those that the body names: `{"brightness": 0.1}`. All or, where one will not do, none."""
        await self.answer(name, ControlsRequest(set=self.values()))

    post = patch

    async def delete(self, name: str) -> None:
        """Reset all, or those that the query names: `?name=brightness&name=contrast`."""
        await self.answer(name, ControlsRequest(reset=self.get_query_arguments("name") or "all"))

    async def answer(self, name: str, request: ControlsRequest) -> None:
        """The list as it is after the request."""
        controls = await self.cameras.controls[self.feed(name).camera].request(request)
        self.set_header("Cache-Control", "no-store")
        self.finish({"camera": name, "controls": msgspec.to_builtins(controls)})

    def values(self) -> dict[str, Any]:
        """The body. Raises HttpError when it is no JSON object, or comes as a form could send it from any page."""
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip()
        if kind != "application/json":
            raise HttpError(415, "wrong-type", f"body of type {kind[:60] or 'unknown'}; allowed: application/json")
        try:
            return msgspec.json.decode(self.request.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            found = f"the body is no JSON object of controls and their values: {error}"
            raise HttpError(400, "bad-request", found) from None

    head = get


class State(CameraHandler):
    """/state, as ustreamer has it, of the first camera."""

    def get(self) -> None:
        """See gateway.http.camera_json."""
        feed = self.feed(None)
        settings = self.config.cameras[feed.camera]
        viewers = self.cameras.workers.viewers_of(feed.camera)
        self.finish(camera_json.ustreamer_state(feed, viewers, settings.fps, settings.quality))

    head = get


class Health(CameraHandler):
    """/healthz: this process answers."""

    def get(self) -> None:
        """Nothing about the cameras: a supervisor shall not restart a gateway for a camera's fault."""
        self.finish({"ok": True})

    head = get


class Ready(CameraHandler):
    """/readyz: every camera gives pictures, or could at once."""

    def get(self) -> None:
        """503 with the reasons where one does not: for a monitor or a load balancer, never for a supervisor."""
        not_ready = {name: reason for name, feed in self.seen() if (reason := self.trouble(feed))}
        self.set_header("Cache-Control", "no-store")
        if not_ready:
            self.set_status(503)
        self.finish({"ready": not not_ready, "not_ready": not_ready})

    def trouble(self, feed: Feed) -> str:
        """Why a camera is not ready; empty when it is."""
        status = feed.status
        if status.state in ("offline", "starting"):
            return f"{status.state}: {status.reason}"
        settings = self.config.cameras[feed.camera]
        fps = settings.fps if status.state == "live" else settings.idle_fps
        if not fps or feed.age is None:  # closed until somebody watches
            return ""
        most = settings.stall_timeout + 1 / fps + STATUS_SECONDS
        return f"its newest picture is {feed.age:.0f} s old, allowed: {most:.0f}" if feed.age > most else ""

    head = get


class Metrics(CameraHandler):
    """/metrics"""

    def get(self) -> None:
        """Imported when first asked for: most never ask."""
        if self.identity.cameras is not None:
            raise HttpError(403, "forbidden", "the figures are of all cameras, and you may see some")
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        from gateway.http.metrics import registry

        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(registry(self.cameras, self.settings["limits"])))

    head = get


@cache
def _index(base: str) -> str:
    """The page, its links relative to `base`."""
    return (PAGE / "index.html").read_text().replace('<base href="./">', f'<base href="{base}">')
