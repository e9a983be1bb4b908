"""Cameras over HTTP: their JPEGs come through untouched and fresh, and whatever goes wrong is said in one sentence.

The cameras are real servers, which show a picture when the test says so; no test depends on how long anything takes.
"""

import contextlib
import gzip
import io
import os
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from itertools import count

import pytest

from capture.media.http_stream import HttpBody
from capture.media.jpeg_parts import MAX_PART_BYTES
from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from tests.capture import jpegs
from tests.capture.media.mjpeg_camera import (
    Answer,
    Call,
    Framing,
    IpCamera,
    Multipart,
    ok,
    refusing,
    saying,
    silent,
    snapshots,
)
from tests.capture.media.test_jpeg_parts import FRAMINGS
from tests.capture.media.watching import LOGIN, draining, every_frame, failure, opened, pictures
from tests.processes import wait_until

PICTURES = [jpegs.jpeg((64, 48), quality=quality) for quality in range(30, 90, 10)]
SHORT = 0.4
"""The patience of tests in which it shall run out."""
pytestmark = pytest.mark.usefixtures("proxy_without_server")
FRAMINGS_OVER_HTTP = {**FRAMINGS, "in chunks": Framing(chunked=True)}


def picture(source: MediaSource, rate_control: RateControl) -> Picture:
    """The next one that comes."""
    return next(pictures(source, rate_control))


# --- pictures ---------------------------------------------------------------------------------------------------------


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


# --- snapshots --------------------------------------------------------------------------------------------------------


def test_a_url_of_one_picture_is_asked_for_each_that_is_wanted() -> None:
    with IpCamera(snapshots(*PICTURES)) as server, opened(server.url()) as source:
        rate_control = every_frame()
        assert [picture(source, rate_control).jpeg for _ in PICTURES] == PICTURES
        assert len(server.calls) == len(PICTURES)
        assert source.read(RateControl(0), 1) is None
        assert len(server.calls) == len(PICTURES)


@pytest.mark.slow
def test_a_snapshot_that_was_cut_off_is_counted_and_asked_for_again() -> None:
    with IpCamera(snapshots(PICTURES[0], PICTURES[1][:-50], PICTURES[2])) as server, opened(server.url()) as source:
        rate_control = every_frame()
        assert [picture(source, rate_control).jpeg for _ in range(2)] == [PICTURES[0], PICTURES[2]]
        source.read(RateControl(0), 1)
        assert source.damaged == 1


@pytest.mark.slow
def test_snapshots_that_stay_empty_are_a_failure() -> None:
    with IpCamera(snapshots(PICTURES[0], b"")) as server:
        assert failure(server.url(), SHORT) == (
            f"{server.url()}: sends data, but for 0.4 seconds no JPEG; check the path in the URL"
        )


def test_a_snapshot_that_becomes_something_else_is_a_failure() -> None:
    answers = iter([saying(ok("image/jpeg", PICTURES[0])), saying(ok("text/html", b"<p>login</p>"))])
    with IpCamera(lambda call: next(answers)(call)) as server:
        assert failure(server.url()) == f"{server.url()}: answers text/html, no video; check the path in the URL"


LABELS = [
    "application/octet-stream",
    "",
    "image/*",
    "image/mjpeg",
    "text/plain",
    "text/html",
    "video/x-motion-jpeg",
    "jpeg",
    "image/jpeg",
]
labels = pytest.mark.parametrize("label", LABELS)


@labels
def test_a_snapshot_is_known_by_its_first_bytes(label: str) -> None:
    numbers = count()
    with IpCamera(lambda call: call.send(ok(label, PICTURES[min(next(numbers), 3)]))) as server:
        with opened(server.url()) as source:
            assert [picture(source, every_frame()).jpeg for _ in range(4)] == PICTURES[:4]
        assert len(server.calls) == 4


@labels
@pytest.mark.parametrize("framing", [Framing(), Framing(content_length=False), Framing(delimiter_with_picture=False)])
def test_a_stream_of_parts_is_known_by_its_first_bytes(label: str, framing: Framing) -> None:
    camera = Multipart(framing, PICTURES[-1], content_type=label)
    with IpCamera(camera) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[-1]
        for shown in PICTURES:
            camera.show(shown)
            assert picture(source, every_frame()).jpeg == shown


@pytest.mark.slow
@labels
def test_pictures_end_to_end_are_a_stream(label: str) -> None:
    def answer(call: Call) -> None:
        call.send(ok(label, b"".join(PICTURES)))
        call.keep()

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg in PICTURES
        wait_until(lambda: source.read(every_frame(), 1) is None, "all pictures to be read")
        assert len(server.calls) == 1


@pytest.mark.parametrize("with_length", [False, True])
def test_of_two_pictures_in_a_snapshot_the_first_one_counts(with_length: bool) -> None:
    index = jpegs.segment(0xE2, b"MPF\0MM\0\x2a\0\0\0\x08")
    shown = [jpegs.after_soi(one, index) for one in PICTURES]
    gain_map = jpegs.jpeg((16, 16))
    numbers = count()

    def answer(call: Call) -> None:
        data = shown[min(next(numbers), len(shown) - 1)] + gain_map
        call.send(ok("image/jpeg", data, f"Content-Length: {len(data)}" if with_length else ""))

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in shown] == shown


@pytest.mark.parametrize("tail", [b"", b"\0\0"])
def test_snapshots_without_an_end_of_image_get_one(tail: bytes) -> None:
    bare = [one[:-2] + tail for one in PICTURES]
    with IpCamera(snapshots(*bare)) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in PICTURES] == PICTURES


@pytest.mark.slow
def test_a_snapshot_that_ends_before_its_length_is_damaged() -> None:
    answers = iter([saying(ok("image/jpeg", PICTURES[0][:-2], f"Content-Length: {len(PICTURES[0])}"))])
    good = snapshots(PICTURES[1])
    with IpCamera(lambda call: next(answers, good)(call)) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[1]
        assert source.damaged == 1


@pytest.mark.slow
def test_a_snapshot_whose_connection_stays_open_is_asked_for_again() -> None:
    def answer(call: Call) -> None:
        call.send(ok("image/jpeg", PICTURES[0]))
        call.keep()

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in range(2)] == PICTURES[:1] * 2


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


# --- failures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("404 Not Found", "answers 404 Not Found; check the path in the URL"),
        ("403 Forbidden", "answers 403 Forbidden; check the path in the URL"),
        (
            "500 Internal Server Error",
            "answers 500 Internal Server Error: the camera has a fault of its own; restart it",
        ),
        ("503 Busy", "answers 503 Service Unavailable: the camera has a fault of its own; restart it"),
        ("477 Odd", "answers 477; check the path in the URL"),
    ],
)
def test_a_refusal(status: str, said: str) -> None:
    with IpCamera(refusing(status)) as server:
        assert failure(server.url("/v?user=a&pwd=geheim", LOGIN)) == f"{server.url('/v…')}: {said}"


@pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "application/json", "image/png"])
def test_a_page_is_no_video(kind: str) -> None:
    with IpCamera(saying(ok(kind, b"<html>welcome</html>"))) as server:
        bare = kind.partition(";")[0]
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: answers {bare}, no video; check the path in the URL"
        )


@pytest.mark.parametrize("content_type", ["right", "image/jpeg", "application/octet-stream", "text/plain", ""])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_a_still_of_another_kind_becomes_a_jpeg(kind: str, content_type: str) -> None:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg((80, 60))).save(file, kind)
    said = f"image/{kind.lower()}" if content_type == "right" else content_type
    with IpCamera(saying(ok(said, file.getvalue()))) as server, opened(server.url()) as source:
        asked = time.monotonic()
        found = [picture(source, every_frame()) for _ in range(2)]
        assert [jpegs.opened(one.jpeg).size for one in found] == [(80, 60)] * 2
        assert found[1].monotonic >= asked
        assert source.damaged == 0


def test_a_still_of_another_kind_that_is_cut_off_is_counted() -> None:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg((80, 60))).save(file, "PNG")
    with IpCamera(saying(ok("image/png", file.getvalue()[:200]))) as server, opened(server.url(), SHORT) as source:
        with pytest.raises(SourceError, match=r"sends data, but for 0\.4 seconds no JPEG; check the path in the URL$"):
            picture(source, every_frame())
        assert source.damaged > 0


def test_a_still_may_have_as_many_pixels_as_configured() -> None:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg((400, 300))).save(file, "PNG")
    with IpCamera(saying(ok("image/png", file.getvalue()))) as server:
        assert failure(server.url(), options=MediaOptions(max_megapixels=0.1)) == (
            f"{server.url()}: 400x300 are 0.1 megapixels, allowed: at most 0.1 (max_megapixels of this camera)"
        )


@pytest.mark.parametrize("status", ["201 Created", "203 Non-Authoritative Information", "206 Partial Content"])
def test_a_picture_with_another_success_is_shown(status: str) -> None:
    answer = ok("image/jpeg", PICTURES[0]).replace(b"200 OK", status.encode())
    with IpCamera(saying(answer)) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]


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


def test_an_answer_whose_compression_is_broken_is_a_reason() -> None:
    with IpCamera(saying(ok("image/jpeg", b"no gzip at all", "Content-Encoding: gzip"))) as server:
        assert failure(server.url()) == (
            f"{server.url()}: sends an answer whose compression is broken; check the path in the URL"
        )


def test_parts_that_are_no_pictures_are_named() -> None:
    part = b"--b\r\nContent-Type: video/x-h264\r\nContent-Length: 9\r\n\r\n\0\0\0\1abcde\r\n"

    def answer(call: Call) -> None:
        call.send(ok("multipart/x-mixed-replace;boundary=b"))
        while True:
            call.send(part)
            time.sleep(0.02)

    with IpCamera(answer) as server:
        assert failure(server.url(), SHORT) == (
            f"{server.url()}: sends video/x-h264, but for 0.4 seconds no JPEG; check the path in the URL"
        )


def test_text_is_shown_to_ffmpeg_and_is_no_video_either() -> None:
    with IpCamera(saying(ok("text/plain", b"hello\n" * 100))) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: answers text/plain, no video; check the path in the URL"
        )


def test_a_refused_connection(free_port: int) -> None:
    assert failure(f"http://{LOGIN}@127.0.0.1:{free_port}/v") == (
        f"http://127.0.0.1:{free_port}/v: refuses the connection; "
        "check that the camera is on and that the port is right"
    )


@pytest.mark.parametrize("host", ["camera.invalid", "camera..local"])
def test_an_unknown_host(host: str) -> None:
    assert failure(f"http://{LOGIN}@{host}/v") == (
        f"http://{host}/v: the host name {host} was not found; check the name, or write the camera's IP address"
    )


@contextlib.contextmanager
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full: the next one gets no answer at all."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


@pytest.mark.slow
def test_a_connection_that_never_comes_about() -> None:
    with full_port() as port:
        assert failure(f"http://{LOGIN}@127.0.0.1:{port}/v", SHORT) == (
            f"http://127.0.0.1:{port}/v: no connection within 0.4 seconds; "
            "check that the camera is on and in this network"
        )


def no_answer(url: str) -> str:
    return f"{url}: no answer within 0.4 seconds; check the address, and restart the camera if it is right"


@pytest.mark.slow
def test_an_answer_that_never_comes() -> None:
    with IpCamera(silent) as server:
        assert failure(server.url(login=LOGIN), SHORT) == no_answer(server.url())


@pytest.mark.slow
def test_an_answer_that_comes_too_slowly_is_not_waited_for_again_and_again() -> None:
    def drip(call: Call) -> None:
        for number in range(10_000):
            call.send(b"HTTP/1.1 200 OK\r\nX-Drip: " if number == 0 else b"x")
            time.sleep(0.05)

    with IpCamera(drip) as server:
        source = MediaSource(server.url(login=LOGIN), Size(64, 48), 30, 80, patience_seconds=SHORT)
        for _ in range(2):
            with pytest.raises(SourceError) as said:
                source.open()
            assert str(said.value) == no_answer(server.url())
            source.close()
        assert len(server.calls) == 1
    wait_until(lambda: not draining(), "the thread to end")


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"])
def test_what_is_no_http(answer: bytes) -> None:
    with IpCamera(saying(answer)) as server:
        assert failure(server.url(login=LOGIN)) == (f"{server.url()}: does not speak HTTP; check the port in the URL")


def test_a_camera_that_hangs_up_without_a_word() -> None:
    with IpCamera(saying(b"")) as server:
        assert failure(server.url(login=LOGIN)) == f"{server.url()}: broke the connection off"


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
def test_a_stream_that_ends_again_and_again_without_a_picture_is_a_failure() -> None:
    with IpCamera(saying(ok("multipart/x-mixed-replace;boundary=x"))) as server:
        assert failure(server.url(login=LOGIN)) == f"{server.url()}: the camera ended the stream"
        assert len(server.calls) > 2


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


@pytest.mark.parametrize("fault", [refusing("503 Busy"), refusing("500 Oops"), saying(b"")])
def test_a_snapshot_camera_that_fails_once_is_asked_again(fault: Answer) -> None:
    good = snapshots(*PICTURES)
    numbers = count(1)

    def answer(call: Call) -> None:
        (good if next(numbers) % 3 else fault)(call)

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in PICTURES] == PICTURES


@pytest.mark.parametrize("length", ["0", "-1", "unknown", "1000"])
def test_the_length_of_an_answer_that_does_not_end_is_not_believed(length: str) -> None:
    def answer(call: Call) -> None:
        call.send(ok("multipart/x-mixed-replace;boundary=ipcam264", b"", f"Content-Length: {length}"))
        call.send(b"".join(map(Framing().part, PICTURES)))
        call.keep()

    with IpCamera(answer) as server, opened(server.url()) as source:
        wait_until(lambda: picture(source, every_frame()).jpeg == PICTURES[-1], "the last picture")


@pytest.mark.slow
def test_a_stream_that_falls_silent() -> None:
    with IpCamera(Multipart(None, PICTURES[0])) as server:
        assert failure(server.url(login=LOGIN), SHORT) == f"{server.url()}: sent nothing for 0.4 seconds"


@pytest.mark.slow
def test_a_stream_without_pictures() -> None:
    def chatter(call: Call) -> None:
        call.send(ok("multipart/mixed; boundary=x"))
        while True:
            call.send(b"--x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok\r\n")
            time.sleep(0.01)

    with IpCamera(chatter) as server:
        assert failure(server.url(login=LOGIN), SHORT) == (
            f"{server.url()}: sends text/plain, but for 0.4 seconds no JPEG; check the path in the URL"
        )


def test_a_picture_that_is_too_large() -> None:
    camera = Multipart()
    with IpCamera(camera) as server, opened(server.url(login=LOGIN)) as source:
        camera.send(b"Content-Length: 99999999999\r\n\r\n")
        with pytest.raises(SourceError) as said:
            picture(source, every_frame())
    assert str(said.value) == (
        f"{server.url()}: sends a picture of 99999999999 bytes, allowed: at most {MAX_PART_BYTES}"
    )


def test_a_url_that_is_none() -> None:
    assert failure("http://admin:ge/heim@cam/") == (
        "http://…: not a readable URL; a port is a number, and @ / ? # : within a login are written %40 %2F %3F %23 %3A"
    )


def test_after_a_failure_it_can_be_opened_again() -> None:
    answers: Iterator[Answer] = iter([refusing("503 Busy"), Multipart(None, PICTURES[0])])
    with IpCamera(lambda call: next(answers)(call)) as server:
        source = MediaSource(server.url(), Size(64, 48), 30, 80)
        with pytest.raises(SourceError):
            source.open()
        source.close()
        source.open()
        assert picture(source, every_frame()).jpeg == PICTURES[0]
        source.close()


def test_closing_does_not_wait_for_a_camera_that_is_silent() -> None:
    with IpCamera(Multipart()) as server:
        source = MediaSource(server.url(), Size(64, 48), 30, 80, patience_seconds=1000)
        source.open()
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


def test_it_needs_no_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "capture.media.av_stream", raising=False)
    with IpCamera(Multipart(None, PICTURES[0])) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]
    with IpCamera(saying(ok("video/mp4"))) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: needs PyAV, which is not installed; run: {sys.executable} -m pip install av"
        )


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
