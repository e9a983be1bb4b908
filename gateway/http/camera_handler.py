"""The base of the handlers that serve a camera, with the stream and the still that several paths answer with."""

import time
from contextlib import suppress

import msgspec
from tornado.iostream import StreamClosedError

from framebus.protocol.frame import Frame
from framebus.protocol.stills import RequestError, SnapshotRequest, from_query
from gateway.cameras.feed import Feed
from gateway.cameras.registry import CameraRegistry
from gateway.delivery.mjpeg import BOUNDARY_LINE, stream_head
from gateway.http import still_headers
from gateway.http.base_handler import BaseHandler
from gateway.http.moment import moment
from gateway.http.stream_query import parse_query
from gateway.net.errors import HttpError, cors
from gateway.net.rate_limit import ConcurrencyLimitError
from gateway.net.transport import detached_transport
from gateway.viewers.camera_watch import Wanted
from gateway.viewers.mjpeg import MjpegViewer

LARGE_BYTES = 64 * 1024
"""A picture from this size on is sent after its headers: in one piece with them, it would be copied for each client."""


class CameraHandler(BaseHandler):
    """A handler that serves a camera: the one in the path, else the first."""

    @property
    def cameras(self) -> CameraRegistry:
        """All cameras."""
        return self.services.cameras

    def feed(self, name: str | None) -> Feed:
        """The camera of that name, else the first that this client may see. Raises HttpError without one."""
        return self.cameras.get(name, self.identity) if name is not None else self.cameras.first_visible(self.identity)

    async def serve_stream(self, feed: Feed) -> None:
        """Answer with MJPEG, and take the connection over from Tornado."""
        self.cameras.check_capacity()
        wanted = parse_query(self.query()).wanted
        if not await self._has_picture(feed, wanted):
            reason = feed.status.reason or "it has not given a picture yet"
            raise HttpError(503, "no-frame", f"camera {feed.camera} has no picture: {reason}")
        feed = self.cameras.get(feed.camera, self.identity)  # it may have been removed or replaced meanwhile
        self.cameras.check_capacity()  # again: others may have come while this one waited for the first frame
        stream = self.detach()
        if stream.closed():  # the client has left meanwhile
            return
        headers = cors(self.services.settings.allow_origins, self.request.headers.get("Origin"))
        if self.request.method == "HEAD":  # Tornado would add a Content-Length, and leave the connection open
            with suppress(StreamClosedError):
                await stream.write(stream_head(headers).removesuffix(BOUNDARY_LINE))
            stream.close()
            return
        try:
            transport = detached_transport(stream)
        except OSError:  # no descriptor is left for it
            stream.close()
            return
        MjpegViewer(feed, self.cameras, transport, stream_head(headers), self.identity, wanted, self.client.address)

    async def serve_still(self, feed: Feed) -> None:
        """Answer with one JPEG from the snapshot service."""
        self.check_rate()
        query = {"timeout": f"{self.services.settings.snapshot_timeout:g}", **self.query()}
        if "at" in query:
            query["at"] = repr(moment("at", query["at"]))
        try:
            request = from_query(feed.camera, query)
        except RequestError as error:
            raise HttpError(400, "bad-request", str(error)) from None
        address, limit = self.client.address, self.services.concurrent_stills
        try:
            with limit.slot(address):
                frame, headers = await self.while_connected(self._still(request))
                for header, value in headers.items():
                    self.set_header(header, value)
                if still_headers.matches(self.request.headers.get("If-None-Match", ""), headers["ETag"]):
                    self.set_status(304)
                    self.finish()
                else:
                    await self.send_body(frame.jpeg)
        except ConcurrencyLimitError:
            message = f"{limit.maximum} stills for {address} are in progress already"
            raise HttpError(429, "too-often", message) from None

    async def _still(self, request: SnapshotRequest) -> tuple[Frame, dict[str, str]]:
        """The still with its headers: from the snapshot service, else for a moment of the past from the recordings."""
        try:
            frame = await self.services.stills.get(request)
            return frame, still_headers.headers(frame, request)
        except HttpError as error:
            if error.code != "not-kept" or not self.identity.may("recordings"):
                raise
            refusal = error
        at = time.time() - (request.ago or 0) if request.at is None else request.at
        recorded = await self.services.recordings.frame_at(request.camera, at)
        if recorded is None:
            raise HttpError(404, "not-kept", f"{refusal.message}; nor is it recorded")
        if request.converts:
            raise HttpError(
                400, "bad-request", "found width, height, quality or orientation; allowed: recorded frames as they are"
            )
        frame = Frame(msgspec.structs.replace(recorded.header, captured=recorded.at), recorded.jpeg)
        return frame, still_headers.recorded_headers(frame, request, time.time())

    async def send_body(self, body: bytes) -> None:
        """Answer with a body, and wait until the client has taken it."""
        self.set_header("Content-Length", str(len(body)))
        if len(body) >= LARGE_BYTES and self.request.method != "HEAD":
            self.flush()
        await self.while_connected(self.finish(body))

    def visible_cameras(self) -> list[tuple[str, Feed]]:
        """The cameras that this client may see, by name."""
        return [(name, feed) for name, feed in self.cameras.feeds.items() if self.identity.sees(name)]

    def check_rate(self) -> None:
        """Raises HttpError when this address has asked for too many stills lately."""
        address = self.client.address
        wait_seconds = self.services.still_rate.wait_seconds(address)
        if wait_seconds:
            most = f"{self.services.settings.stills_per_second:g} a second"
            why = f"more stills were asked for from {address} than stills_per_second allows ({most})"
            raise HttpError(429, "too-often", why, wait_seconds)

    def query(self) -> dict[str, str]:
        """The parameters of the URL; of a repeated one, the last counts."""
        return {name: self.get_query_argument(name) for name in self.request.query_arguments}

    async def _has_picture(self, feed: Feed, wanted: Wanted) -> bool:
        """Wait for the first frame in the size that is wanted, so that the stream has this size from its beginning."""
        stream = feed.stream_for(wanted.width)
        for _ in feed.streams:
            if feed.status.state == "offline":
                return feed.last_frame is not None
            if await self.while_connected(stream.first_frame(self.services.first_frame_seconds)) is None:
                return False
            before, stream = stream, feed.stream_for(wanted.width)  # its first frame tells the size of the camera
            if stream is before:
                break
        return True
