"""What clients hold that do not read, have left, or come through a proxy."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import zmq
import zmq.asyncio

from framebus.config.load import Config
from framebus.protocol.stills import ClipHeader
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import snapshot_endpoint
from gateway.cameras.service_client import MAX_WAITING
from gateway.net.rate_limit import MAX_CONCURRENT_CLIPS
from tests.conftest import Configure
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, serving, until
from tests.gateway.http.test_websocket_handlers import upgraded
from tests.gateway.still_service import StillService
from tests.gateway.viewers.test_mjpeg import Stream
from tests.headers import frame_header

PAGE_BYTES = 1024 * 1024
CLIP_BYTES = 20 * PAGE_BYTES


class ClipService:
    """A snapshot service that has clips of 20 MB, and knows which of them are being fetched."""

    def __init__(self, config: Config) -> None:
        self.open: set[str] = set()
        self._endpoint = snapshot_endpoint(config.run_dir)
        self._made = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        context = zmq.asyncio.Context()
        router = context.socket(zmq.ROUTER)
        router.linger = 0
        router.bind(self._endpoint)
        task = asyncio.create_task(self._serve(router))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            context.destroy()

    async def _serve(self, router: zmq.asyncio.Socket) -> None:
        while True:
            *envelope, request = await router.recv_multipart()
            await router.send_multipart([*envelope, self._page(msgspec.json.decode(request))])

    def _page(self, asked: dict[str, Any]) -> bytes:
        if "id" not in asked:
            self._made += 1
            self.open.add(f"c{self._made}")
        name, offset = asked.get("id", f"c{self._made}"), asked.get("offset", 0)
        page = b"" if asked.get("end") else bytes(min(PAGE_BYTES, CLIP_BYTES - offset))
        if asked.get("end") or offset + len(page) >= CLIP_BYTES:
            self.open.discard(name)
        header = ClipHeader(v=1, camera="front", id=name, size=CLIP_BYTES, offset=offset, frames=3, seconds=1.5)
        return pack("clip", "front", header, page)


async def asking(site: Site, path: str, more: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request whose answer is not read."""
    listen = site.config.gateway.listen
    reader, writer = await asyncio.open_connection(listen.host, listen.port, limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
    return reader, writer


async def test_a_head_and_an_aborted_download_hold_no_clip(site: Site) -> None:
    clips = ClipService(site.config)
    async with clips.serving():
        for _ in range(10):
            answer = await site.get("/camera/front/clip.avi", method="HEAD")
            assert (answer.code, answer.headers["Content-Length"]) == (200, str(CLIP_BYTES))
        await until(lambda: not clips.open)
        _, writer = await asking(site, "/camera/front/clip.avi")
        await until(lambda: clips.open)
        writer.transport.abort()
        await until(lambda: not clips.open)


async def test_slow_downloads_of_one_client_leave_clips_for_others(configure: Configure) -> None:
    config = configure(gateway='trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true')
    clips = ClipService(config)
    async with serving(config) as site, clips.serving():
        slow = [await asking(site, "/camera/front/clip.avi", "X-Forwarded-For: 192.0.2.1\r\n") for _ in range(8)]
        await until(lambda: len(clips.open) == MAX_CONCURRENT_CLIPS)
        refused = await site.get("/camera/front/clip.avi", headers={"X-Forwarded-For": "192.0.2.1"})
        assert refused.code == 429
        other = await site.get("/camera/front/clip.avi", headers={"X-Forwarded-For": "192.0.2.2"})
        assert (other.code, len(other.body)) == (200, CLIP_BYTES)
        for _, writer in slow:
            writer.transport.abort()
        await until(lambda: not clips.open)


async def test_a_download_that_is_not_read_ends(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure(gateway="request_timeout = 1")
    clips = ClipService(config)
    async with serving(config) as site, clips.serving():
        _, writer = await asking(site, "/camera/front/clip.avi")
        await until(lambda: clips.open)
        clock = 0.0
        monkeypatch.setattr(site.gateway._progress, "_now", lambda: clock)
        async with asyncio.timeout(10):
            while clips.open:
                clock += 0.6
                site.gateway._progress.tick()
                await asyncio.sleep(0.05)
        writer.transport.abort()


@pytest.mark.slow
async def test_stills_that_are_not_read_are_let_go(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    large = padded(jpeg(), 20_000_000)
    header = frame_header("front", 1)
    async with StillService(site.config).saying(pack("snapshot", "front", header, large)):
        unread = [await asking(site, "/snapshot") for _ in range(3)]
        connections = site.gateway._connections
        await until(lambda: connections.open == 3)
        clock = 0.0
        monkeypatch.setattr(site.gateway._progress, "_now", lambda: clock)
        async with asyncio.timeout(10):
            while connections.open:
                clock += 15
                site.gateway._progress.tick()
                await asyncio.sleep(0.05)
        for _, writer in unread:
            writer.transport.abort()


async def test_who_has_hung_up_waits_for_no_still(site: Site) -> None:
    """As many as there are places for all would block them for everybody, for as long as they had asked for."""
    waiting = [await asking(site, f"/snapshot?settle=30&timeout=60&width={n + 1}") for n in range(20)]
    service = site.gateway._stills._service
    await until(lambda: len(service._waiting) == 20)
    assert len(service._waiting) < MAX_WAITING
    for _, writer in waiting:
        writer.transport.abort()
    await until(lambda: not service._waiting)


async def test_one_who_hangs_up_ends_nothing_for_those_who_ask_for_the_same(site: Site) -> None:
    _, first = await asking(site, "/snapshot?timeout=20")
    service = site.gateway._stills._service
    await until(lambda: len(service._waiting) == 1)
    second = asyncio.create_task(site.get("/snapshot?timeout=20"))
    (request,) = site.gateway._stills._shared
    await until(lambda: site.gateway._stills._shared[request].waiting == 2)
    first.transport.abort()
    await until(lambda: site.gateway._stills._shared[request].waiting == 1)
    async with StillService(site.config).answering(jpeg()):
        assert (await second).code == 200


async def test_behind_a_proxy_each_client_has_its_share(configure: Configure) -> None:
    config = configure(gateway='trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true\nmax_per_address = 3')
    camera = PublishedCamera(config)
    async with serving(config) as site:
        theirs = "X-Forwarded-For: 192.0.2.1\r\n"
        streams = [await asking(site, "/stream", theirs) for _ in range(2)]
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.show(jpeg())
        for reader, _ in streams:
            assert (await reader.readline()).split()[1] == b"200"
        line, _, socket = await upgraded(site, "/ws", more=theirs)
        assert line.split()[1] == b"101"
        for _ in range(3):
            refused = await site.get("/api/cameras", headers={"X-Forwarded-For": "192.0.2.1"})
            assert refused.code == 429
            assert b"3 connections from 192.0.2.1" in refused.body
            assert (await site.get("/api/cameras", headers={"X-Forwarded-For": "192.0.2.2"})).code == 200
        socket.transport.abort()
        for _, writer in streams:
            writer.transport.abort()
        await until(lambda: not site.gateway._connections._per_address)
        answer = await site.get("/api/cameras", headers={"X-Forwarded-For": "192.0.2.1"})
        assert answer.code == 200
        assert not site.gateway._connections._per_address
    camera.close()


@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_a_client_that_leaves_during_the_handshake_leaves_no_traceback(
    site: Site, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(50):
        listen = site.config.gateway.listen
        _, writer = await asyncio.open_connection(listen.host, listen.port)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER of SOL_SOCKET: reset at the close
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n".encode()
        )
        writer.transport.abort()
    await until(lambda: not site.gateway._connections.open)
    assert not site.gateway._cameras.viewers
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_pings_without_end_end_the_connection_that_reads_no_answers(site: Site, path: str) -> None:
    line, _, writer = await upgraded(site, path)
    assert line.split()[1] == b"101"
    ping = b"\x89\xfd\0\0\0\0" + bytes(125)  # its answers are more than the kernel takes without a reader
    writer.write(ping * 200_000)
    other = await site.get("/healthz")
    assert other.code == 200
    await until(lambda: not site.gateway._cameras.viewers)
    writer.transport.abort()


async def test_a_stream_can_be_left_while_its_first_frame_is_waited_for(site: Site) -> None:
    stream = await Stream.open(site)
    feed = site.gateway._cameras.first
    await until(lambda: feed.viewers or site.gateway._connections.open)
    stream.close()
    await until(lambda: not site.gateway._connections.open)
    assert not site.gateway._cameras.viewers


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/snapshot", "/camera/front/clip.avi"])
async def test_a_client_that_leaves_in_the_middle_of_its_answer_is_no_failure(
    site: Site, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    header = frame_header("front", 1)
    large = pack("snapshot", "front", header, padded(jpeg(), 20_000_000))
    service = ClipService(site.config).serving() if "clip" in path else StillService(site.config).saying(large)
    async with service:
        for _ in range(5):
            reader, writer = await asking(site, path)
            assert (await asyncio.wait_for(reader.readline(), 10)).split()[1] == b"200"
            writer.transport.abort()
        await until(lambda: not site.gateway._connections.open)
    assert site.gateway._refused.total["requests failed"] == 0
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
