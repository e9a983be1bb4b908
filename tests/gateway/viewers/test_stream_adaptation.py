"""A stream whose frames get smaller on a slow link, when that was asked for."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.cameras.feed import Feed
from gateway.delivery.mjpeg import BOUNDARY_LINE
from gateway.viewers.camera_watch import CameraWatch, Wanted
from gateway.viewers.link_budget import LinkBudget
from gateway.viewers.stream_adaptation import StreamAdaptation
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import Site, camera_is_known, until
from tests.gateway.viewers.test_camera_watch import SIZE, watching
from tests.gateway.viewers.test_mjpeg import Stream
from tests.programs import need

KNOWN: dict[str, Any] = SIZE
LARGE = padded(jpeg(size=(128, 96)), 300_000)
SMALL = jpeg("blue")
READ_BYTES, PAUSE_SECONDS = 20_000, 0.05
"""A client that takes 400 KB a second at most, of 3 MB."""


@pytest.fixture
async def feed(site: Site, camera: PublishedCamera) -> Feed:
    """Of a camera that makes renditions."""
    await camera_is_known(site, camera, **SIZE)
    return site.gateway._cameras.first


@contextmanager
def publishing(camera: PublishedCamera) -> Iterator[None]:
    """Ten frames a second, in all sizes."""
    ended = threading.Event()

    def publish() -> None:
        while not ended.wait(0.1):
            camera.show(LARGE)
            camera.show(SMALL, "half")
            camera.show(SMALL, "quarter")
            camera.say("live", **KNOWN)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


async def saw_small(site: Site, path: str, seconds: float) -> bool:
    """Whether a slow client of this stream gets small frames within this time."""
    listen = site.config.gateway.listen
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, (listen.host, listen.port))
    await loop.sock_sendall(connection, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    seen = b""
    try:
        async with asyncio.timeout(seconds):
            while SMALL + b"\r\n" + BOUNDARY_LINE not in seen:
                seen = seen[-len(SMALL) - 100 :] + await loop.sock_recv(connection, READ_BYTES)
                await asyncio.sleep(PAUSE_SECONDS)
    except TimeoutError:
        return False
    finally:
        connection.close()
    return True


async def test_a_part_that_the_kernel_took_at_once_has_arrived(
    site: Site, camera: PublishedCamera, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noticed only with the next frame, it would make every link look as slow as the camera."""
    arrived: list[int] = []
    monkeypatch.setattr(LinkBudget, "acknowledged", lambda _budget, _camera, number, _now: arrived.append(number))
    stream = await Stream.open(site, "/stream?adapt=1")
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(SMALL)
    await stream.head()
    await stream.part()
    assert arrived == [1]
    stream.close()


@pytest.mark.slow
async def test_a_slow_client_gets_smaller_frames_only_if_it_asks(
    site: Site, camera: PublishedCamera, feed: Feed
) -> None:
    with publishing(camera):
        assert await saw_small(site, "/stream?adapt=1", 15)
        assert not await saw_small(site, "/stream", 5)


@pytest.mark.slow
async def test_ffmpeg_goes_on_where_the_size_changes(site: Site, camera: PublishedCamera, feed: Feed) -> None:
    """What may change is documented as a risk: this one can."""
    url = f"{site.url}/stream"
    command = [need("ffmpeg"), "-v", "error", "-f", "mpjpeg", "-i", url, "-frames:v", "20", "-f", "null", "-"]
    ended = threading.Event()

    def publish() -> None:
        number = 0
        while not ended.wait(0.05):
            number += 1
            camera.show(jpeg(size=(128, 96) if number // 3 % 2 else (64, 48)))
            camera.say("live", **KNOWN)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)
    finally:
        ended.set()
        thread.join()
    assert done.returncode == 0, done.stderr


@pytest.mark.medium
async def test_an_error_does_not_end_the_measuring_of_the_link(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, failure: failures.append(failure["exception"]))
    measured = []

    def offered_fps(watch: CameraWatch) -> float:
        if not failures:
            raise ZeroDivisionError
        measured.append(watch)
        return 1.0

    monkeypatch.setattr(CameraWatch, "offered_fps", offered_fps)
    watcher = await watching(feed, Wanted())
    adaptation = StreamAdaptation(watcher.watch)
    await until(lambda: bool(measured))
    adaptation.close()
    watcher.close()
    assert {type(failure) for failure in failures} == {ZeroDivisionError}
