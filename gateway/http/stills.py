"""/camera/NAME/snapshot.jpg and its aliases, /camera/NAME/clip.mjpg and clip.avi."""

from contextlib import aclosing

from tornado.iostream import StreamClosedError

from framebus.protocol.stills import ClipHeader, ClipRequest, RequestError, clip_from_query
from gateway.cameras.stills_client import ClipPages
from gateway.http.camera_handler import CameraHandler
from gateway.net.errors import HttpError
from gateway.net.rate_limit import ConcurrencyLimitError

CLIP_TYPES = {"mjpg": "video/x-motion-jpeg", "avi": "video/x-msvideo"}


class Still(CameraHandler):
    """One JPEG."""

    async def get(self, name: str | None = None) -> None:
        """Answer with the still that the query asks for."""
        await self.serve_still(self.feed(name))

    head = get


class Clip(CameraHandler):
    """The last seconds of the history as a file."""

    async def get(self, name: str, form: str) -> None:
        """Send the file page by page, as fast as the client takes it."""
        camera = self.feed(name).camera
        self.check_rate()
        try:
            request = clip_from_query(camera, form, self.query())
        except RequestError as error:
            raise HttpError(400, "bad-request", str(error)) from None
        address, limit = self.client.address, self.services.concurrent_clips
        try:
            with limit.slot(address):
                await self._clip(request)
        except ConcurrencyLimitError:
            message = f"{limit.maximum} clips for {address} are in progress already"
            raise HttpError(429, "too-often", message) from None

    head = get

    async def _clip(self, request: ClipRequest) -> None:
        if self.request.method == "HEAD":
            self._set_headers(request, await self.services.stills.clip_header(request))
            return
        clip, pages = await self.services.stills.clip(request)
        async with aclosing(pages):
            self._set_headers(request, clip)
            await self._send_pages(pages)

    def _set_headers(self, request: ClipRequest, clip: ClipHeader) -> None:
        self.set_header("Content-Type", CLIP_TYPES[request.clip])
        self.set_header("Content-Length", str(clip.size))
        self.set_header("Content-Disposition", f'attachment; filename="{request.camera}.{request.clip}"')
        self.set_header("Cache-Control", "no-store")

    async def _send_pages(self, pages: ClipPages) -> None:
        try:
            async for page in pages:
                self.write(page)
                await self.flush()
        except StreamClosedError:  # the client has left
            pass
        except HttpError:  # the rest is gone: an incomplete file must not look like a complete one
            self.detach().close()
