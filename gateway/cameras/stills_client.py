"""Get stills and clips for HTTP from the snapshot service. Simultaneous equal requests are sent once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import msgspec
import zmq

from framebus.client.snapshots import SnapshotError, parse_reply
from framebus.protocol.frame import Frame
from framebus.protocol.stills import CancelRequest, ClipHeader, ClipRequest, SnapshotRequest
from framebus.protocol.wire import ErrorHeader, WireError, parse, split
from framebus.runtime.host_clock import host_monotonic
from gateway.cameras.service_client import MAX_WAITING, ServiceClient
from gateway.net.errors import HttpError

GRACE_SECONDS = 0.5
"""How long to wait beyond the deadline of a request: the service refuses it at the deadline."""
CLIP_PAGE_SECONDS = 5.0
"""How long to wait for a page of a clip."""
CATCH_UP_SECONDS = 3.0
"""The snapshot service may read a changed configuration so much later than the gateway, which knows the camera."""
ASK_AGAIN_SECONDS = 0.1
STATUSES = {"unknown-camera": 404, "bad-request": 400, "not-kept": 404, "timeout": 504, "internal": 500}
"""HTTP status for a code of the service; 503 for every other."""

T = TypeVar("T")


class SharedRequest(msgspec.Struct, eq=False):
    """A request under way, and how many wait for its reply."""

    task: asyncio.Task[Frame]
    waiting: int = 0


class ClipPages:
    """The pages of a clip, to be read once; `close` tells the service that no more are wanted."""

    def __init__(self, client: "StillsClient", request: ClipRequest, header: ClipHeader, first_page: bytes) -> None:
        self._client = client
        self._request = msgspec.structs.replace(request, id=header.id, offset=0)
        self._size = header.size
        self._offset = 0
        self._first_page = first_page
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """Return the next page. Raises HttpError when the service has none, as the clip was dropped."""
        if self._closed or self._offset >= self._size:
            raise StopAsyncIteration
        if self._offset == 0:
            page, self._first_page = self._first_page, b""
        else:
            _, page = await self._client.clip_page(msgspec.structs.replace(self._request, offset=self._offset))
        self._offset += len(page)
        if not page:
            raise HttpError(503, "bad-reply", "the snapshot service sent an empty page of a clip")
        return page

    def close(self) -> None:
        """End the clip, unless it was read to its end. May be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._offset < self._size:
            self._client.end_clip(self._request)

    async def aclose(self) -> None:
        """The same, for contextlib.aclosing."""
        self.close()


class StillsClient:
    """Made inside the running loop; closed by its owner."""

    def __init__(
        self,
        endpoint: str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        max_waiting: int = MAX_WAITING,
        catch_up_seconds: float = CATCH_UP_SECONDS,
    ) -> None:
        """Connect to the snapshot service, which need not run yet.

        Args:
            endpoint: where it listens.
            context: for the socket.
            max_waiting: requests that may be under way.
            catch_up_seconds: how long to ask again for a camera that the service does not know.
        """
        self._catch_up_seconds = catch_up_seconds
        self._service = ServiceClient("the snapshot service", endpoint, context, max_waiting)
        self._shared: dict[SnapshotRequest, SharedRequest] = {}

    @property
    def waiting(self) -> int:
        """How many requests are under way to the service."""
        return self._service.waiting

    async def get(self, request: SnapshotRequest) -> Frame:
        """Get a still. A caller that is cancelled gives up its place; the last one takes the request back.

        Raises:
            HttpError: with the service's reason (400, 404, 500, 503), or 504 when no still comes in time.
        """
        arrived, is_shared = host_monotonic(), request in self._shared
        frame = await self._share(request)
        captured = frame.header.monotonic
        is_too_old = is_shared and request.max_age is not None and host_monotonic() - captured > request.max_age
        if captured <= arrived and (request.fresh or is_too_old):  # it was made for an earlier request
            frame = await self._share(request)
        return frame

    async def clip(self, request: ClipRequest) -> tuple[ClipHeader, ClipPages]:
        """Make a clip; return its header and its pages. The caller closes the pages.

        Raises:
            HttpError: with the service's reason, also while the pages are read.
        """
        header, page = await self.clip_page(request)
        return header, ClipPages(self, request, header, page)

    async def clip_header(self, request: ClipRequest) -> ClipHeader:
        """Return the header that a clip would have, without making one. Raises HttpError."""
        header, _ = await self.clip_page(msgspec.structs.replace(request, end=True))
        return header

    async def clip_page(self, request: ClipRequest) -> tuple[ClipHeader, bytes]:
        """Get a page of a clip. Raises HttpError."""
        return await self._when_known(lambda: self._clip_page(request))

    async def _clip_page(self, request: ClipRequest) -> tuple[ClipHeader, bytes]:
        reply = await self._service.request(msgspec.json.encode(request), CLIP_PAGE_SECONDS)
        try:
            if split(reply).kind == "error":
                _, refused = parse(reply, ErrorHeader)
                raise refusal(refused.code, refused.message)
            message, header = parse(reply, ClipHeader)
        except WireError as error:
            raise malformed(error) from None
        return header, message.body

    def end_clip(self, request: ClipRequest) -> None:
        """Tell the service that a clip is not wanted any more; `request` names its id."""
        self._service.send(msgspec.json.encode(msgspec.structs.replace(request, end=True)))

    def close(self) -> None:
        """Cancel the requests under way."""
        for shared in list(self._shared.values()):
            shared.task.cancel()
        self._service.close()

    async def _share(self, request: SnapshotRequest) -> Frame:
        """Send a request, or wait for the reply to an equal one that is under way."""
        shared = self._shared.get(request)
        if shared is None:
            shared = self._shared[request] = SharedRequest(
                asyncio.create_task(self._when_known(lambda: self._request(request)))
            )
            shared.task.add_done_callback(lambda done: self._end(request, done))
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)  # a caller that is cancelled does not cancel it for the others
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.task.done():
                shared.task.cancel()
                self._end(request, shared.task)

    def _end(self, request: SnapshotRequest, task: asyncio.Task[Frame]) -> None:
        shared = self._shared.get(request)
        if shared is not None and shared.task is task:
            del self._shared[request]
        if task.done() and not task.cancelled():
            task.exception()  # retrieved, as asyncio logs an exception that no caller was left to get

    async def _when_known(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What the service answers, once it knows the camera."""
        end = time.monotonic() + self._catch_up_seconds
        while True:
            try:
                return await ask()
            except HttpError as refused:
                if refused.code != "unknown-camera" or time.monotonic() >= end:
                    raise
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    async def _request(self, request: SnapshotRequest) -> Frame:
        cancel = msgspec.json.encode(CancelRequest(camera=request.camera, cancel=True))
        reply = await self._service.request(msgspec.json.encode(request), request.timeout + GRACE_SECONDS, cancel)
        try:
            return parse_reply(reply)
        except SnapshotError as error:
            raise refusal(error.code, str(error)) from None
        except WireError as error:
            raise malformed(error) from None


def refusal(code: str, message: str) -> HttpError:
    """The HTTP error for a code of the service."""
    return HttpError(STATUSES.get(code, 503), code, message)


def malformed(error: WireError) -> HttpError:
    """The HTTP error for a reply that does not follow the wire format."""
    return HttpError(503, "bad-reply", f"the snapshot service sent a malformed reply: {error}")
