"""Stills and clips for HTTP, from the snapshot service. Simultaneous equal requests are sent once."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator

import msgspec
import zmq

from framebus.client.snapshots import SnapshotError, parse_reply
from framebus.protocol.frame import Frame
from framebus.protocol.stills import ClipHeader, ClipRequest, SnapshotRequest
from framebus.protocol.wire import ErrorHeader, WireError, parse, split
from gateway.cameras.service_client import ServiceClient
from gateway.net.errors import HttpError

GRACE_SECONDS = 0.5
"""The service refuses at the deadline of a request; so much later, it does not answer at all."""
STATUSES = {"unknown-camera": 404, "bad-request": 400, "not-kept": 404, "timeout": 504}
"""What HTTP says; everything else passes by, and is 503."""


class StillsClient:
    """Made inside the running loop; closed by its maker."""

    def __init__(self, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        """The service need not run yet."""
        self._service = ServiceClient("the snapshot service", endpoint, context)
        self._shared: dict[SnapshotRequest, asyncio.Task[Frame]] = {}
        self._waiting: Counter[SnapshotRequest] = Counter()
        self._releases: set[asyncio.Task[None]] = set()

    async def get(self, request: SnapshotRequest) -> Frame:
        """The still that is asked for.

        Raises HttpError with the service's reason: 400, 404, 503, or 504 when none comes in time.
        """
        arrived = time.monotonic()
        frame = await self._share(request)
        if request.fresh and frame.header.monotonic <= arrived:  # it was made for one who asked a moment earlier
            frame = await self._share(request)
        return frame

    async def clip(self, request: ClipRequest) -> tuple[ClipHeader, AsyncIterator[bytes]]:
        """The clip that is asked for, and its pages. Raises HttpError, also while the pages are read."""
        header, page = await self._page(request)

        async def pages() -> AsyncIterator[bytes]:
            yield page
            offset = len(page)
            while offset < header.size:
                _, more = await self._page(msgspec.structs.replace(request, id=header.id, offset=offset))
                offset += len(more)
                yield more

        return header, pages()

    def release(self, request: ClipRequest, clip: ClipHeader) -> None:
        """Give up a clip before its end: the service keeps only a few, each for a minute after its last page."""
        after_the_end = msgspec.structs.replace(request, id=clip.id, offset=clip.size)
        task = asyncio.create_task(self._release(after_the_end))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)

    def close(self) -> None:
        """Those who still wait get no answer."""
        for task in (*self._shared.values(), *self._releases):
            task.cancel()
        self._service.close()

    async def _share(self, request: SnapshotRequest) -> Frame:
        """Ask, or wait with those who have asked for the same. When the last of them leaves, the request ends."""
        task = self._shared.get(request)
        if task is None:
            task = self._shared[request] = asyncio.create_task(self._ask(request))
            task.add_done_callback(lambda done: self._end(request, done))
        self._waiting[request] += 1
        try:
            return await asyncio.shield(task)  # one who leaves does not end it for the others
        finally:
            self._waiting[request] -= 1
            if not self._waiting[request]:
                del self._waiting[request]
                if self._shared.get(request) is task:
                    del self._shared[request]
                    task.cancel()

    def _end(self, request: SnapshotRequest, done: asyncio.Task[Frame]) -> None:
        if self._shared.get(request) is done:
            del self._shared[request]
        if not done.cancelled():
            done.exception()  # looked at, where all who waited have left: asyncio would complain

    async def _ask(self, request: SnapshotRequest) -> Frame:
        reply = await self._service.ask(msgspec.json.encode(request), request.timeout + GRACE_SECONDS)
        try:
            return parse_reply(reply)
        except SnapshotError as error:
            raise refusal(error.code, str(error)) from None
        except WireError as error:
            raise nonsense(error) from None

    async def _release(self, request: ClipRequest) -> None:
        with contextlib.suppress(HttpError):  # it is gone already
            await self._page(request)

    async def _page(self, request: ClipRequest) -> tuple[ClipHeader, bytes]:
        reply = await self._service.ask(msgspec.json.encode(request), GRACE_SECONDS * 10)
        try:
            if split(reply).kind == "error":
                _, refused = parse(reply, ErrorHeader)
                raise refusal(refused.code, refused.message)
            message, header = parse(reply, ClipHeader)
        except WireError as error:
            raise nonsense(error) from None
        return header, message.body


def refusal(code: str, message: str) -> HttpError:
    """The service's reason, as HTTP has it."""
    return HttpError(STATUSES.get(code, 503), code, message)


def nonsense(error: WireError) -> HttpError:
    """What answers is no snapshot service."""
    return HttpError(503, "bad-reply", f"the snapshot service answered nonsense: {error}")
