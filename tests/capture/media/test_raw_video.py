"""H.264 and H.265 over HTTP without a container, and in the parts of a multipart body: each picture as it comes."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("av", reason="the extra av is not installed")

from capture.media.http_stream import body_kind
from capture.media.tls import CameraTls
from capture.rate_control import RateControl
from capture.sources.media import MediaOptions
from tests.capture import jpegs
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.mjpeg_camera import Call, IpCamera, ok
from tests.capture.media.watching import opened, pictures
from tests.processes import DEADLINE_SECONDS

RAW, MULTIPART = "video/h264", "multipart/x-mixed-replace; boundary=b"


class SteppingCamera:
    """Sends a picture each time that it is told to."""

    def __init__(self, kind: str, wrapped: Callable[[bytes], bytes], pictures: list[bytes]) -> None:
        self._kind = kind
        self._wrapped = wrapped
        self._pictures = pictures
        self._next = threading.Semaphore(0)
        self._is_over = threading.Event()

    def step(self) -> None:
        self._next.release()

    def end(self) -> None:
        self._is_over.set()
        self._next.release()

    def __call__(self, call: Call) -> None:
        call.send(f"HTTP/1.1 200 OK\r\nContent-Type: {self._kind}\r\n\r\n".encode())
        for picture in self._pictures:
            self._next.acquire(timeout=DEADLINE_SECONDS)
            if self._is_over.is_set():
                return
            call.send(self._wrapped(picture))
        self._is_over.wait(DEADLINE_SECONDS)


def bare(picture: bytes) -> bytes:
    return picture


def with_length(picture: bytes) -> bytes:
    return b"--b\r\nContent-Type: video/h264\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(picture), picture)


def without_length(picture: bytes) -> bytes:
    return b"Content-Type: video/x-h264\r\n\r\n%s\r\n--b\r\n" % picture


def in_two_chunks(picture: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in (picture[:-10], picture[-10:]))


@contextmanager
def camera(
    kind: str, wrapped: Callable[[bytes], bytes], made: list[bytes], tls: ssl.SSLContext | None = None
) -> Iterator[tuple[IpCamera, SteppingCamera]]:
    stepping = SteppingCamera(kind, wrapped, made)
    with IpCamera(stepping, tls) as server:
        try:
            yield server, stepping
        finally:
            stepping.end()


def encoded(folder: Path, codec: str = "libx264", name: str = "clip.h264") -> list[bytes]:
    return clips.packets(clips.of_colours(folder / name, codec, COLOURS, size=(320, 240), gop=4))


@pytest.mark.parametrize(
    ("kind", "wrapped"),
    [
        (RAW, bare),
        ("application/octet-stream", bare),
        ("video/mpeg", bare),
        ("video/mp4", bare),
        (MULTIPART, with_length),
        (MULTIPART, lambda picture: b"--b\r\n" + without_length(picture)),
    ],
    ids=["h264", "octet-stream", "mpeg", "mp4", "parts with a length", "parts without a length"],
)
def test_each_picture_is_there_before_the_next_is_sent(
    kind: str, wrapped: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    with camera(kind, wrapped, encoded(tmp_path)) as (server, stepping), opened_by_step(server, stepping) as shown:
        assert next(shown) == COLOURS[0]
        for expected in COLOURS[1:]:
            stepping.step()
            assert next(shown) == expected


def test_a_picture_that_comes_in_pieces_at_once_is_not_cut(tmp_path: Path) -> None:
    chunked = f"{RAW}\r\nTransfer-Encoding: chunked"
    with (
        camera(chunked, in_two_chunks, encoded(tmp_path)) as (server, stepping),
        opened_by_step(server, stepping) as shown,
    ):
        assert next(shown) == COLOURS[0]
        for expected in COLOURS[1:]:
            stepping.step()
            assert next(shown) == expected


def with_much_behind(picture: bytes) -> bytes:
    """In one chunk, with filler data: in a record of TLS (16 KB), but not in the buffer of http.client (8 KB)."""
    data = picture + b"\0\0\1\x0c" + b"\xff" * 12_000 + b"\x80"
    return b"%x\r\n%b\r\n" % (len(data), data)


def test_a_picture_that_lies_in_the_buffer_of_tls_is_not_cut(certificate: Path, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    chunked = f"{RAW}\r\nTransfer-Encoding: chunked"
    trusting = MediaOptions(tls=CameraTls(verify=False))
    with camera(chunked, with_much_behind, encoded(tmp_path), context) as (server, stepping):
        stepping.step()
        with opened(server.url(scheme="https"), options=trusting) as source:
            shown = pictures(source)
            assert colour(next(shown).jpeg) == COLOURS[0]
            for expected in COLOURS[1:]:
                stepping.step()
                assert colour(next(shown).jpeg) == expected
            assert source.damaged == 0


@contextmanager
def opened_by_step(server: IpCamera, stepping: SteppingCamera) -> Iterator[Iterator[str]]:
    stepping.step()
    with opened(server.url()) as source:
        yield (colour(picture.jpeg) for picture in pictures(source))


@pytest.mark.slow
def test_hevc_is_decoded_as_well(tmp_path: Path) -> None:
    made = encoded(tmp_path, "libx265", "clip.hevc")
    with camera("video/h265", bare, made) as (server, stepping), opened_by_step(server, stepping) as shown:
        assert next(shown) == COLOURS[0]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("has_length", [True, False])
def test_pictures_of_other_kinds_in_parts_become_jpegs(kind: str, has_length: bool) -> None:
    file = BytesIO()
    Image.new("RGB", (320, 240), "lime").save(file, kind)
    data = file.getvalue()
    length = b"Content-Length: %d\r\n" % len(data) if has_length else b""
    part = b"--b\r\nContent-Type: image/%s\r\n%s\r\n%s\r\n--b\r\n" % (kind.lower().encode(), length, data)
    with camera(MULTIPART, bare, [part] * 4) as (server, stepping), opened_by_step(server, stepping) as shown:
        assert next(shown) == "lime"


def png(colour: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (320, 240), colour).save(file, "PNG")
    return file.getvalue()


def test_pictures_of_other_kinds_are_decoded_only_where_they_are_wanted() -> None:
    part = b"--b\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n%s\r\n"
    damaged = [png("red")[:-40]] * 10
    made = [png("blue"), *damaged, png("lime")]
    sent = [part % (len(made[0]), made[0]), b"".join(part % (len(data), data) for data in made[1:])]
    with camera(MULTIPART, bare, sent) as (server, stepping):
        stepping.step()
        with opened(server.url()) as source:
            shown = pictures(source)
            assert colour(next(shown).jpeg) == "blue"
            stepping.step()
            while (jpeg := next(shown).jpeg) == damaged[0]:
                pass
            assert colour(jpeg) == "lime"
            source.read(RateControl(0), 1)
            assert source.damaged == 0


def test_damaged_pictures_are_counted_across_connections(tmp_path: Path) -> None:
    made = encoded(tmp_path)
    counts = []

    def answer(call: Call) -> None:
        call.send(ok(RAW, b"".join([made[0], made[1][:5] + b"\xff" * 20, made[0], made[0]])))
        call.hang_up()

    with IpCamera(answer) as server, opened(server.url()) as source:
        for _ in pictures(source):
            counts.append(source.damaged)
            if len(server.calls) > 4 and counts[-1] >= 2:  # a busy reader learns of them late
                break
    assert counts == sorted(counts)


def test_jpegs_beside_video_are_what_is_shown(tmp_path: Path) -> None:
    part = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
    jpeg = jpegs.jpeg()
    both = [part % (len(jpeg), jpeg) + with_length(unit) for unit in encoded(tmp_path)]
    with camera(MULTIPART, bare, both) as (server, stepping):
        stepping.step()
        with opened(server.url()) as source:
            assert next(pictures(source)).jpeg == jpeg


@pytest.mark.parametrize("begin", [b"\0\0\0\1\x67\x42", b"\0\0\1\x09\x10", b"\0\0\0\1\x40\x01\x0c"])
def test_the_first_bytes_tell_raw_video(begin: bytes) -> None:
    assert body_kind("application/octet-stream", begin) == "raw video"
