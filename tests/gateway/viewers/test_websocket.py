"""What a viewer on a websocket is sent, in which order, and how much of it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from tornado.websocket import websocket_connect

from framebus.protocol.frame_view import view
from framebus.protocol.wire import pack, split
from gateway.cameras.feed import Feed
from gateway.delivery.encoded_frame import FIN_TEXT, EncodedFrame, websocket_message
from gateway.viewers.camera_watch import CameraWatch
from gateway.viewers.link_budget import ACK_WINDOW, FIRST_FRAMES
from gateway.viewers.websocket import CameraViewer, PageViewer, WatchedCamera
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO
from tests.gateway.conftest import Site, hang_up, serving, until
from tests.gateway.http.test_websocket_handlers import upgraded
from tests.headers import frame_header


def encoded(seq: int, camera: str = "front", body: bytes = b"jpeg") -> EncodedFrame:
    """A frame as a camera's feed holds it."""
    return EncodedFrame(view(pack("live", camera, frame_header(camera, seq), body)))


@pytest.fixture
async def two(configure: Configure) -> AsyncIterator[Site]:
    """A gateway with the cameras front and back."""
    async with serving(configure(TWO)) as site:
        yield site


async def busy(site: Site, path: str = "/ws") -> tuple[PageViewer | CameraViewer, asyncio.StreamWriter]:
    """A viewer whose client reads nothing, so that a message stays in flight and no other is sent."""
    _, _, writer = await upgraded(site, path)
    await until(lambda: site.gateway._cameras.viewers)
    (viewer,) = site.gateway._cameras._viewers
    assert isinstance(viewer, (PageViewer, CameraViewer))
    while not viewer.in_flight:
        viewer.in_flight = not viewer._transport.send(websocket_message(bytes(4_000_000)))
    return viewer, writer


async def page_of(site: Site) -> tuple[PageViewer, Feed, Feed, asyncio.StreamWriter]:
    """A page that is busy, and the two cameras."""
    viewer, writer = await busy(site)
    assert isinstance(viewer, PageViewer)
    feeds = site.gateway._cameras.feeds
    return viewer, feeds["front"], feeds["back"], writer


async def test_a_camera_viewer_gets_each_picture_once_and_the_newest(two: Site) -> None:
    viewer, writer = await busy(two, "/camera/front/ws")
    feed = two.gateway._cameras.first
    assert viewer.next_message() is None
    feed.live.encoded = encoded(1)
    feed.live.encoded = newest = encoded(2)
    assert viewer.next_message() is newest.jpeg_message
    assert viewer.next_message() is None
    assert feed.stats.sent == 1
    writer.close()


async def test_a_camera_viewer_gets_the_offline_image_before_an_old_picture(two: Site) -> None:
    viewer, writer = await busy(two, "/camera/front/ws")
    feed = two.gateway._cameras.first
    feed.live.encoded, feed.live.offline_image = encoded(1), encoded(2, body=b"offline")
    assert viewer.next_message() == websocket_message(b"offline")
    feed.live.encoded, feed.live.offline_image = encoded(3), None
    assert viewer.next_message() == websocket_message(b"jpeg")
    writer.close()


async def test_a_page_gets_answers_first_then_statuses_then_pictures(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    page.watch([front, back])
    front.live.encoded, back.live.encoded = encoded(1), encoded(1, "back")
    page.on_status(front)
    page.answer("clock", clock=1)
    message = page.next_message()
    assert message == websocket_message(b'{"clock":1}', FIN_TEXT)
    status = page.next_message()
    assert status is not None
    assert b"status/front\n" in status
    assert [page.next_message() for _ in range(3)] == [
        front.live.encoded.bus_message,
        back.live.encoded.bus_message,
        None,
    ]
    writer.close()


async def test_of_each_kind_of_answer_only_the_newest_waits(two: Site) -> None:
    page, *_, writer = await page_of(two)
    for number in range(100):
        page.answer("clock", clock=number)
        page.answer("error", error=f"{number}")
    messages = [page.next_message() for _ in range(3)]
    assert messages.pop() is None
    texts = [json.loads(message[2:]) for message in messages if message is not None]
    assert sorted(texts, key=str) == [{"clock": 99}, {"error": "99"}]
    writer.close()


async def test_of_each_camera_only_one_status_waits(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    for _ in range(10):
        page.on_status(front)
        page.on_status(back)
    messages = [page.next_message() for _ in range(3)]
    assert messages.pop() is None
    assert {split(message[4:]).camera for message in messages if message is not None} == {"front", "back"}
    writer.close()


async def test_a_page_is_asked_for_more_unless_it_got_the_frame_of_its_only_camera(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    page.watch([front])
    front.live.encoded, back.live.encoded = frames = encoded(1), encoded(1, "back")
    more = []
    for frame in frames:
        assert page.next_message() is frame.bus_message
        more.append(page.has_more)
        page.on_status(front)
        assert page.next_message() is not None
        more.append(page.has_more)
        page.watch([front, back])
    assert more == [False, True, True, True]
    writer.close()


async def test_a_page_that_does_not_acknowledge_gets_so_many_frames(two: Site) -> None:
    page, front, _, writer = await page_of(two)
    page.watch([front])
    for seq in range(1, ACK_WINDOW + 1):
        front.live.encoded = encoded(seq)
        assert page.next_message() is front.live.encoded.bus_message
    front.live.encoded = encoded(9)
    assert page.next_message() is None
    assert page.next_message() is None
    assert front.stats.skipped_page == 1, "a skipped frame counts once"
    page.acknowledge("back", 1)
    page.acknowledge("front", 77)
    assert page.next_message() is None
    page.acknowledge("front", 2)
    page.acknowledge("front", 2)
    assert page.next_message() is front.live.encoded.bus_message
    front.live.encoded = encoded(10)
    assert page.next_message() is None
    writer.close()


async def test_a_camera_that_is_not_acknowledged_delays_no_other(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    page.watch([front, back])
    for seq in range(1, 6):
        front.live.encoded, back.live.encoded = encoded(seq), encoded(seq, "back")
        while page.next_message() is not None:
            page.acknowledge("back", seq)
    assert (front.stats.sent, back.stats.sent) == (ACK_WINDOW, 5)
    writer.close()


async def test_the_camera_that_has_waited_longest_is_next(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    page.watch([front, back])
    front.live.encoded, back.live.encoded = encoded(1), encoded(1, "back")
    assert page.next_message() is front.live.encoded.bus_message
    page.acknowledge("front", 1)
    front.live.encoded = encoded(2)
    assert page.next_message() is back.live.encoded.bus_message
    assert page.next_message() is front.live.encoded.bus_message
    writer.close()


async def test_before_the_first_acknowledgement_all_cameras_together_get_two_frames(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    page.watch([front, back])
    sent = []
    for seq in range(1, 6):
        front.live.encoded, back.live.encoded = encoded(seq), encoded(seq, "back")
        while (message := page.next_message()) is not None:
            sent.append(message)
    assert len(sent) == FIRST_FRAMES
    writer.close()


@pytest.mark.medium
async def test_what_does_not_fit_the_link_waits_and_is_the_newest_then(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    large = bytes(300_000)
    page.watch([front, back])
    front.live.encoded, back.live.encoded = encoded(1, body=large), encoded(1, "back", large)
    assert page.next_message() is front.live.encoded.bus_message
    await asyncio.sleep(1)  # the link: 300 KB a second
    page.acknowledge("front", 1)
    assert page.next_message() is back.live.encoded.bus_message
    front.live.encoded = encoded(2, body=large)
    assert page.next_message() is None, "two of them take two seconds"
    front.live.encoded = newest = encoded(3, body=large)
    page.acknowledge("back", 1)
    assert page.next_message() is newest.bus_message
    writer.close()


async def test_the_delay_of_the_link_is_measured_by_a_ping_of_its_own(two: Site) -> None:
    _, reader, writer = await upgraded(two, "/ws")
    await until(lambda: two.gateway._cameras.viewers)
    (page,) = two.gateway._cameras._viewers
    assert isinstance(page, PageViewer)
    async with asyncio.timeout(10):
        await reader.readuntil(b"\x89\x06link 1")
    for answer in (b"", b"link 7"):
        page.ponged(answer)
    assert page._budget.delay_seconds == 0
    writer.write(b"\x8a\x86\0\0\0\0link 1")
    await until(lambda: page._budget.delay_seconds > 0)
    writer.close()


async def test_watching_others_leaves_those_before_and_keeps_what_stays(two: Site) -> None:
    page, front, back, writer = await page_of(two)
    front.live.encoded = encoded(1)
    page.watch([front])
    assert page.next_message() is front.live.encoded.bus_message
    page.watch([back, front])
    assert (front.viewers, back.viewers) == (1, 1)
    assert page.next_message() is None, "the picture was sent already"
    page.watch([back])
    assert (front.viewers, back.viewers) == (0, 1)
    page.leave()
    assert (front.viewers, back.viewers) == (0, 0)
    writer.close()


@pytest.mark.slow
async def test_a_frame_is_due_once_and_only_within_the_window(two: Site) -> None:
    feed = two.gateway._cameras.first
    page, _, _, writer = await page_of(two)
    watching = WatchedCamera(feed, page)
    assert watching.next_frame(ACK_WINDOW) is None
    feed.live.encoded = encoded(1)
    assert watching.next_frame(ACK_WINDOW) is feed.live.encoded
    watching.unacknowledged.update(dict.fromkeys(range(ACK_WINDOW), (0, 9)))
    assert watching.next_frame(ACK_WINDOW) is None
    watching.unacknowledged.popitem()
    assert watching.next_frame(ACK_WINDOW) is feed.live.encoded
    watching.sent(feed.live.encoded, b"message")
    assert watching.next_frame(ACK_WINDOW) is None
    writer.close()


@pytest.mark.parametrize("path", ["/ws", "/camera/front/ws"])
async def test_the_end_of_the_gateway_is_a_close_frame_and_nothing_after_it(path: str, two: Site) -> None:
    _, reader, writer = await upgraded(two, path)
    await until(lambda: two.gateway._cameras.viewers)
    (viewer,) = two.gateway._cameras._viewers
    feed = two.gateway._cameras.first
    if isinstance(viewer, PageViewer):
        viewer.watch([feed])
    viewer.close()
    feed.live.encoded = encoded(1)
    viewer.wake()
    assert feed.stats.sent == 0
    async with asyncio.timeout(10):
        await reader.readuntil(b"\x88" + bytes((2 + len("the gateway stops"),)) + b"\x03\xe9the gateway stops")
    writer.close()


async def test_who_watches_a_camera_that_is_removed_is_told(two: Site) -> None:
    cameras = two.gateway._cameras
    connection = await websocket_connect(f"{two.websocket_url}/camera/front/ws")
    await until(lambda: cameras.viewers)
    cameras.follow({"back": cameras._endpoints["back"]})
    async with asyncio.timeout(10):
        while await connection.read_message() is not None:
            pass
    assert (connection.close_code, connection.close_reason) == (1001, "this camera was removed, or has another address")
    await hang_up(connection)


@pytest.mark.medium
async def test_an_error_does_not_end_the_measuring_of_the_link(two: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, failure: failures.append(failure["exception"]))
    measured = []

    def offered_fps(watch: CameraWatch) -> float:
        if not failures:
            raise ZeroDivisionError
        measured.append(watch)
        return 1.0

    monkeypatch.setattr(CameraWatch, "offered_fps", offered_fps)
    page, front, _, writer = await page_of(two)
    page.watch([front])
    await until(lambda: bool(measured))
    assert {type(failure) for failure in failures} == {ZeroDivisionError}
    writer.close()
