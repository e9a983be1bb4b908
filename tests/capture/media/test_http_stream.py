"""Streams over HTTP: their JPEGs come through untouched and fresh, and a stream that ends is requested again.

The cameras are real servers, which show a picture when the test says so; no test depends on how long anything takes.
"""

import contextlib
import gzip
import os
import threading
import time
import zlib

import pytest

from capture.media.http_request import Answer
from capture.media.http_stream import HttpBody, HttpStream
from capture.media.latest_reader import Stream
from capture.media.picture_decoder import PictureDecoder
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaSource
from framebus.config.size import Size
from tests.capture import jpegs
from tests.capture.media.mjpeg_camera import (
    Call,
    Framing,
    IpCamera,
    Multipart,
    ok,
    saying,
)
from tests.capture.media.test_jpeg_parts import FRAMINGS
from tests.capture.media.watching import LOGIN, PICTURES, draining, every_frame, opened, picture
from tests.processes import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.usefixtures("proxy_without_server")
FRAMINGS_OVER_HTTP = {**FRAMINGS, "in chunks": Framing(chunked=True)}


@pytest.mark.parametrize("framing", FRAMINGS_OVER_HTTP.values(), ids=FRAMINGS_OVER_HTTP.keys())
def test_every_picture_comes_through_untouched_before_the_next_is_shown(framing: Framing) -> None:
    camera = Multipart(framing)
    with IpCamera(camera) as server, opened(server.url()) as source:
        rate_control = every_frame()
        for shown in PICTURES:
            camera.show(shown)
            assert picture(source, rate_control).jpeg == shown
        assert source.damaged == 0


def test_its_times_are_those_of_its_arrival() -> None:
    camera = Multipart()
    with IpCamera(camera) as server, opened(server.url()) as source:
        before = time.time(), time.monotonic()
        camera.show(PICTURES[0])
        found = picture(source, every_frame())
        assert before[0] <= found.captured <= time.time()
        assert before[1] <= found.monotonic <= time.monotonic()


@pytest.mark.slow
def test_a_slow_pace_gets_the_newest_and_the_camera_is_never_held_up() -> None:
    shown = [jpegs.jpeg((64, 48), quality=50) + bytes(100_000)] * 200  # 20 MB: more than any socket holds
    camera = Multipart()
    with IpCamera(camera) as server, opened(server.url()) as source:
        rate_control = RateControl(0.5)
        camera.show(PICTURES[0])
        assert picture(source, rate_control).jpeg == PICTURES[0]
        for other in shown:
            camera.show(other)
        camera.show(PICTURES[1])
        assert picture(source, rate_control).jpeg == PICTURES[1]


@pytest.mark.slow
def test_a_read_in_which_nothing_comes_returns_empty() -> None:
    with IpCamera(Multipart()) as server, opened(server.url()) as source:
        assert source.read(every_frame(), 1) is None


def test_a_pace_of_nothing_and_the_end_of_the_process_are_not_waited_out() -> None:
    with IpCamera(Multipart(None, *PICTURES)) as server, opened(server.url()) as source:
        assert source.read(RateControl(0), 1) is None
        stopped = every_frame()
        stopped.stop()
        assert source.read(stopped, 1) is None


@pytest.mark.slow
def test_damaged_pictures_are_counted_and_the_next_one_comes() -> None:
    camera = Multipart(Framing(content_length=False))
    with IpCamera(camera) as server, opened(server.url()) as source:
        camera.show(PICTURES[0][:-100])
        camera.show(PICTURES[1])
        assert picture(source, every_frame()).jpeg == PICTURES[1]
        assert source.read(every_frame(), 1) is None
        assert source.damaged == 1
        source.close()
        wait_until(lambda: not camera.watching, "the camera to notice")
        source.open()
        camera.show(PICTURES[0][:-100])
        camera.show(PICTURES[1])
        picture(source, every_frame())
        source.read(every_frame(), 1)
        assert source.damaged == 2


def test_it_can_be_opened_and_closed_again_and_again_and_leaves_nothing_behind() -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    camera = Multipart(None, PICTURES[0])
    with IpCamera(camera) as server, opened(server.url()) as source:
        source.close()
        wait_until(lambda: not draining(), "the thread to end")
        before = descriptors()
        for _ in range(20):
            source.open()
            assert picture(source, every_frame()).jpeg == PICTURES[0]
            source.close()
            source.close()
            assert draining() == []
        wait_until(lambda: descriptors() <= before, "all descriptors to be closed")


def test_wrong_lengths_are_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    camera = Multipart()
    with IpCamera(camera) as server, opened(server.url(login=LOGIN)) as source:
        for shown in PICTURES:
            camera.send(b"Content-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n" + shown + b"\r\n--ipcam264\r\n")
            assert picture(source, every_frame()).jpeg == shown
        source.read(RateControl(0), 1)
        assert source.repairs == {"Content-Length smaller than the picture, ignored": len(PICTURES)}
        assert [record.message for record in caplog.records if "not as they should be" in record.message] == [
            f"{server.url()}: its pictures are not as they should be: "
            "Content-Length smaller than the picture, ignored; said only once"
        ]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("kind", ["image/jpeg", "multipart/x-mixed-replace;boundary=b", ""])
def test_an_answer_that_is_compressed_unasked_is_unpacked(encoding: str, kind: str) -> None:
    body = (
        PICTURES[0]
        if "multipart" not in kind
        else b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURES[0] + b"\r\n--b\r\n"
    )
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    with IpCamera(saying(ok(kind, packed, f"Content-Encoding: {encoding}"))) as server:
        with opened(server.url()) as source:
            assert picture(source, every_frame()).jpeg == PICTURES[0]
        assert server.calls[0].header("Accept-Encoding") == "identity"


def test_ffmpeg_gets_no_more_of_a_compressed_body_than_it_has_room_for() -> None:
    bodies: list[HttpBody] = []
    was_seen = threading.Event()

    def other(content_type: str, answer: Answer, body: HttpBody | None) -> Stream:
        assert body is not None
        bodies.append(body)
        raise SourceError("seen")

    packer = zlib.compressobj()
    packed = [packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH) for data in (b"FLV" * 1000, bytes(1_000_000))]

    def answer(call: Call) -> None:
        call.send(ok("video/x-flv", packed[0], "Content-Encoding: deflate"))
        was_seen.wait(DEADLINE_SECONDS)
        call.send(packed[1])
        call.hang_up()

    with IpCamera(answer) as server:
        stream = HttpStream(
            MediaUrl.parse(server.url()),
            "camera",
            DEADLINE_SECONDS,
            other,
            CameraTls(),
            PictureDecoder("camera", 80, 64),
            pytest.fail,
        )
        with contextlib.closing(stream):
            with pytest.raises(SourceError, match="seen"):
                stream.open()
            was_seen.set()
            read = list(iter(lambda: bodies[0].read(4096), b""))
    assert max(map(len, read)) == 4096
    assert b"".join(read) == b"FLV" * 1000 + bytes(1_000_000)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_stream_that_ends_is_asked_for_again_at_once(chunked: bool) -> None:
    camera = Multipart(Framing(chunked=chunked), PICTURES[0])
    with IpCamera(camera) as server, opened(server.url(login=LOGIN)) as source:
        for calls in range(1, 4):
            assert picture(source, every_frame()).jpeg == PICTURES[0]
            assert len(server.calls) == calls
            camera.hang_up()
        assert source.damaged == 0


@pytest.mark.slow
def test_a_stream_whose_camera_is_gone_gives_its_last_picture_first() -> None:
    camera = Multipart(None, PICTURES[0])
    with IpCamera(camera) as server:
        source = MediaSource(server.url(login=LOGIN), Size(64, 48), 30, 80)
        source.open()
        wait_until(lambda: camera.watching, "somebody to watch")
    wait_until(lambda: not draining(), "the thread to end")
    assert picture(source, every_frame()).jpeg == PICTURES[0]
    for _ in range(2):
        with pytest.raises(SourceError) as said:
            source.read(RateControl(0.001), 1)
        assert "refuses the connection" in str(said.value)
    source.close()


@pytest.mark.parametrize("length", ["0", "-1", "unknown", "1000"])
def test_the_length_of_an_answer_that_does_not_end_is_not_believed(length: str) -> None:
    def answer(call: Call) -> None:
        call.send(ok("multipart/x-mixed-replace;boundary=ipcam264", b"", f"Content-Length: {length}"))
        call.send(b"".join(map(Framing().part, PICTURES)))
        call.keep()

    with IpCamera(answer) as server, opened(server.url()) as source:
        wait_until(lambda: picture(source, every_frame()).jpeg == PICTURES[-1], "the last picture")


def test_closing_does_not_wait_for_a_camera_that_is_silent() -> None:
    with IpCamera(Multipart()) as server:
        source = MediaSource(server.url(), Size(64, 48), 30, 80, patience_seconds=1000)
        source.open()
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


def test_what_was_asked_is_what_the_url_says() -> None:
    with IpCamera(Multipart(None, PICTURES[0])) as server:
        with opened(server.url("/ü b?action=stream&pwd=geheim#top", login=LOGIN)):
            pass
        assert server.calls[0].path == "/%C3%BC%20b?action=stream&pwd=geheim"
        assert server.calls[0].header("Host") == f"127.0.0.1:{server.port}"


def test_a_body_ends_for_ffmpeg_where_its_connection_fails() -> None:
    def fail(size: int) -> bytes:
        calls.append(size)
        raise SourceError("the connection failed")

    calls: list[int] = []
    body = HttpBody(b"begin", fail)
    assert (body.read(3), body.read(3), body.failure) == (b"beg", b"in", None)
    assert (body.read(3), body.read(3)) == (b"", b"")
    assert (str(body.failure), calls) == ("the connection failed", [3])


@pytest.mark.medium
def test_the_last_picture_that_a_server_sends_to_a_new_connection_again_is_no_new_one() -> None:
    camera = Multipart(Framing(extra_headers=("X-Timestamp: 1767225600.125000",)), PICTURES[0], PICTURES[0])
    with IpCamera(camera) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]
        source.close()
        source.open()
        assert source.read(every_frame(), 1) is None
        camera.show(PICTURES[1])
        assert picture(source, every_frame()).jpeg == PICTURES[1]
