"""Streams cut into pictures, however they arrive."""

from collections.abc import Iterator

import pytest

from benchmarks.parts import MjpegParts, NotServed, PageParts, Parts, Picture, SocketParts
from gateway.delivery.encoded_frame import websocket_message
from gateway.delivery.mjpeg import STREAM_HEAD, part

STAMPS = (1, 22, 1234567890123456789)
PIECES = (1, 7, 64, 1000, 1 << 20)
STATUS = b'status/front\n{"v":1,"camera":"front","seq":5}\n'
UPGRADED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def jpeg(stamp: int, size: int = 3000) -> bytes:
    """As tests/v4l2shim.c stamps it."""
    return b"\xff\xd8\xff\xfe\x00\x17TS%019d" % stamp + bytes(size) + b"\xff\xd9"


def in_pieces(parts: Parts, stream: bytes, size: int) -> Iterator[Picture]:
    for at in range(0, len(stream), size):
        yield from parts.take(memoryview(stream[at : at + size]))


def frame(seq: int, stamp: int) -> bytes:
    return b'live/front\n{"v":1,"camera":"front","seq":%d,"epoch":"e"}\n%b' % (seq, jpeg(stamp))


@pytest.mark.parametrize("size", PIECES)
def test_the_gateways_stream(size: int) -> None:
    stream = STREAM_HEAD + b"".join(part(jpeg(stamp), 1.0) for stamp in STAMPS)
    assert [picture.stamp_ns for picture in in_pieces(MjpegParts(), stream, size)] == list(STAMPS)


def test_a_picture_is_complete_with_its_last_byte() -> None:
    parts = MjpegParts()
    stream = STREAM_HEAD + part(jpeg(5), 1.0)
    last = stream.index(b"\xff\xd9") + 1
    assert parts.take(memoryview(stream[:last])) == []
    assert parts.left == 1
    assert parts.take(memoryview(stream[last : last + 1])) == [Picture(5, 0)]


def test_a_picture_without_a_stamp_counts_as_well() -> None:
    stream = STREAM_HEAD + part(b"\xff\xd8" + bytes(100), 1.0) + part(b"\xff\xd8", 1.0)
    assert list(in_pieces(MjpegParts(), stream, 50)) == [Picture(0, 0), Picture(0, 0)]


@pytest.mark.parametrize("size", PIECES)
def test_a_websocket_of_bare_pictures(size: int) -> None:
    pictures = [jpeg(STAMPS[0]), jpeg(STAMPS[1], 70_000), jpeg(STAMPS[2], 20)]
    stream = UPGRADED + b"".join(websocket_message(picture) for picture in pictures)
    assert [picture.stamp_ns for picture in in_pieces(SocketParts(), stream, size)] == list(STAMPS)


@pytest.mark.parametrize("size", PIECES)
def test_the_pages_websocket_tells_what_to_acknowledge(size: int) -> None:
    messages = [STATUS, frame(7, STAMPS[1]), STATUS, frame(9, STAMPS[2])]
    stream = UPGRADED + b"".join(websocket_message(message) for message in messages)
    assert list(in_pieces(PageParts(), stream, size)) == [Picture(STAMPS[1], 7), Picture(STAMPS[2], 9)]


@pytest.mark.parametrize("size", PIECES)
def test_pings_are_kept_to_be_answered(size: int) -> None:
    parts = SocketParts()
    stream = UPGRADED + b"\x89\x02hi" + websocket_message(jpeg(3)) + b"\x89\x00"
    assert list(in_pieces(parts, stream, size)) == [Picture(3, 0)]
    assert parts.pings == [b"hi", b""]


@pytest.mark.parametrize("parts", [MjpegParts(), SocketParts()])
def test_a_refusal_is_no_stream(parts: Parts) -> None:
    with pytest.raises(NotServed, match="503 Service Unavailable"):
        parts.take(memoryview(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno"))
