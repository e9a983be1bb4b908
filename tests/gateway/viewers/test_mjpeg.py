import asyncio
import re
import time
from contextlib import suppress

import pytest

from framebus.config.load import Config
from framebus.protocol.frame_view import view
from framebus.protocol.wire import pack
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.mjpeg import BOUNDARY_LINE, STREAM_HEAD, part
from gateway.viewers.mjpeg import MjpegViewer
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, camera_is_known, serving, until
from tests.gateway.delivery.test_viewer import ScriptedTransport
from tests.headers import frame_header

PART = re.compile(rb"Content-Type: image/jpeg\r\nContent-Length: (\d+)\r\nX-Timestamp: (\d+\.\d{6})\r\n\r\n")

LOST_SECONDS = 5.0
"""Then a frame is shown again. libzmq loses a message that comes at the very moment at which a socket with CONFLATE is
read, until the next one comes: 10 of 587 608, measured with one that is read all the time."""


class Stream:
    """A client that reads parts one by one, as Mainsail's parser does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, site: Site, path: str = "/stream", method: str = "GET", version: str = "1.1") -> "Stream":
        listen = site.config.gateway.listen
        reader, writer = await asyncio.open_connection(listen.host, listen.port)
        writer.write(f"{method} {path} HTTP/{version}\r\nHost: x\r\n\r\n".encode())
        return cls(reader, writer)

    async def head(self) -> bytes:
        return await self._reader.readuntil(b"\r\n\r\n") + await self._reader.readuntil(BOUNDARY_LINE)

    async def line(self) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.readuntil(b"\r\n")

    async def part(self) -> tuple[bytes, float]:
        async with asyncio.timeout(10):
            head = await self._reader.readuntil(b"\r\n\r\n")
            found = PART.fullmatch(head)
            assert found, head
            picture = await self._reader.readexactly(int(found[1]))
            assert await self._reader.readexactly(2 + len(BOUNDARY_LINE)) == b"\r\n" + BOUNDARY_LINE
        return picture, float(found[2])

    async def rest(self) -> bytes:
        async with asyncio.timeout(10):
            return await self._reader.read()

    def close(self) -> None:
        self._writer.close()


async def opened(site: Site, camera: PublishedCamera, picture: bytes, version: str = "1.1") -> Stream:
    """A stream that has been joined, its first part not yet read."""
    stream = await Stream.open(site, version=version)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    for _ in range(3):
        camera.show(picture)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOST_SECONDS):
                assert await stream.head() == STREAM_HEAD
                break
    return stream


async def test_parts_are_the_cameras_bytes_with_the_capture_time(site: Site, camera: PublishedCamera) -> None:
    pictures = [jpeg("red"), jpeg("green"), jpeg("blue", (640, 480))]
    stream = await opened(site, camera, pictures[0])
    assert await stream.part() == (pictures[0], round(camera.captured, 6))
    for picture in pictures[1:]:
        header = camera.show(picture)
        assert await stream.part() == (picture, round(header.captured, 6))
    stream.close()


async def test_of_the_frames_that_come_while_one_is_under_way_the_newest_is_sent(
    site: Site, camera: PublishedCamera
) -> None:
    await camera_is_known(site, camera)
    cameras = site.gateway._cameras
    live, transport = cameras.first.live, ScriptedTransport()
    viewer = MjpegViewer(cameras.first, cameras, transport)
    frames = [EncodedFrame(view(pack("live", "front", frame_header("front", seq), jpeg()))) for seq in range(1, 6)]

    def come(frame: EncodedFrame) -> None:
        live.encoded = frame
        viewer.on_frame(frame)

    come(frames[0])
    transport.is_free = False
    for frame in frames[1:4]:
        come(frame)
    transport.on_sent()
    viewer.end()
    come(frames[4])

    assert transport.sent == [STREAM_HEAD, *(frames[index].mjpeg_part for index in (0, 1, 3))]
    transport.on_close()


async def test_a_client_of_http_1_0_is_served_as_well(site: Site, camera: PublishedCamera) -> None:
    stream = await opened(site, camera, jpeg(), version="1.0")
    assert (await stream.part())[0] == jpeg()
    stream.close()


@pytest.mark.slow
async def test_the_last_picture_is_repeated_in_silence(site: Site, camera: PublishedCamera) -> None:
    stream = await opened(site, camera, jpeg())
    first = await stream.part()
    assert await stream.part() == first  # after 200 ms, for browsers
    assert await stream.part() == first  # after another second, for parsers that give up
    stream.close()


async def test_a_slow_viewer_gets_the_newest_and_delays_no_other(site: Site, camera: PublishedCamera) -> None:
    picture = padded(jpeg("red", (1600, 1200), 95), 2_000_000)
    slow = await opened(site, camera, picture)
    quick = await Stream.open(site)
    await quick.head()
    await quick.part()
    for _ in range(20):
        header = camera.show(picture)
        began = time.monotonic()
        while (await quick.part())[1] < header.captured - 1e-6:  # a repeat of the one before
            if time.monotonic() - began > LOST_SECONDS:
                header, began = camera.show(picture), time.monotonic()
    taken = [await slow.part() for _ in range(2)]
    while taken[-1][1] < header.captured - 1e-6:
        taken.append(await slow.part())
    assert len(taken) <= 4, "a queue of pictures"
    slow.close()
    quick.close()


async def test_a_viewer_that_leaves_in_the_middle_of_a_part_is_forgotten(site: Site, camera: PublishedCamera) -> None:
    feed = site.gateway._cameras.first
    stream = await opened(site, camera, padded(jpeg(), 8_000_000))
    assert feed.viewers == site.gateway._cameras.viewers == 1
    stream.close()
    camera.show(jpeg())
    await until(lambda: not feed.viewers and not site.gateway._cameras.viewers)


async def test_a_viewer_that_leaves_before_the_first_frame_is_no_trouble(
    site: Site, camera: PublishedCamera, caplog: pytest.LogCaptureFixture
) -> None:
    stream = await Stream.open(site)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    stream.close()
    await asyncio.sleep(0.1)
    camera.show(jpeg())
    feed = site.gateway._cameras.first
    await until(lambda: feed.live.encoded is not None)
    await asyncio.sleep(0.1)
    assert feed.viewers == site.gateway._cameras.viewers == 0
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_the_end_of_the_gateway_ends_the_stream(config: Config, camera: PublishedCamera) -> None:
    async with serving(config) as site:
        stream = await opened(site, camera, jpeg())
        await stream.part()
    assert (await stream.rest()).count(BOUNDARY_LINE) <= 1
    stream.close()


async def test_one_part_is_shared_by_all_viewers(site: Site, camera: PublishedCamera) -> None:
    streams = [await opened(site, camera, jpeg())] + [await Stream.open(site) for _ in range(4)]
    for stream in streams[1:]:
        await stream.head()
    encoded = site.gateway._cameras.first.live.encoded
    assert encoded is not None
    assert encoded.mjpeg_part == part(jpeg(), camera.captured)
    for stream in streams:
        await stream.part()
    assert site.gateway._cameras.first.live.encoded is encoded
    for stream in streams:
        stream.close()
