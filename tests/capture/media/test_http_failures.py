"""Whatever goes wrong with a camera over HTTP is said in one sentence."""

import contextlib
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from capture.media.jpeg_parts import MAX_PART_BYTES
from capture.source import SourceError
from capture.sources.media import MediaSource
from framebus.config.size import Size
from tests.capture.media.mjpeg_camera import (
    Answer,
    Call,
    IpCamera,
    Multipart,
    ok,
    refusing,
    saying,
    silent,
)
from tests.capture.media.watching import (
    LOGIN,
    PICTURES,
    SHORT,
    draining,
    every_frame,
    failure,
    opened,
    picture,
)
from tests.processes import wait_until

pytestmark = pytest.mark.usefixtures("proxy_without_server")


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


def test_an_answer_whose_compression_is_broken_is_a_reason() -> None:
    with IpCamera(saying(ok("image/jpeg", b"no gzip at all", "Content-Encoding: gzip"))) as server:
        assert failure(server.url()) == (
            f"{server.url()}: sends an answer whose compression is broken; check the path in the URL"
        )


def test_parts_that_are_no_pictures_are_named() -> None:
    part = b"--b\r\nContent-Type: video/x-h264\r\nContent-Length: 9\r\n\r\nno video!\r\n"

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


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="ssh"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 6000 + b"\r\n", id="endless head"),
    ],
)
def test_what_is_no_http(answer: bytes) -> None:
    with IpCamera(saying(answer)) as server:
        assert failure(server.url(login=LOGIN)) == (f"{server.url()}: does not speak HTTP; check the port in the URL")


def test_a_camera_that_hangs_up_without_a_word() -> None:
    with IpCamera(saying(b"")) as server:
        assert failure(server.url(login=LOGIN)) == f"{server.url()}: broke the connection off"


@pytest.mark.slow
def test_a_stream_that_ends_again_and_again_without_a_picture_is_a_failure() -> None:
    with IpCamera(saying(ok("multipart/x-mixed-replace;boundary=x"))) as server:
        assert failure(server.url(login=LOGIN)) == f"{server.url()}: the camera ended the stream"
        assert len(server.calls) > 2


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


def test_it_needs_no_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "capture.media.av_stream", raising=False)
    with IpCamera(Multipart(None, PICTURES[0])) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]
    with IpCamera(saying(ok("video/mp4"))) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: needs PyAV, which is not installed; run: {sys.executable} -m pip install av"
        )
