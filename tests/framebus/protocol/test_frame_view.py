"""The header of a frame is read where the frame lies: nothing of the picture is copied."""

import tracemalloc

import pytest

from framebus.protocol.frame_view import HEAD_BYTES, view
from framebus.protocol.wire import MAX_MESSAGE_BYTES, FrameHeader, WireError, pack, parse
from tests.headers import frame_header

PICTURE = b"\xff\xd8\npicture\n\n\xff\xd9"


@pytest.mark.parametrize("picture", [PICTURE, b"", b"\n" * HEAD_BYTES])
@pytest.mark.parametrize("metadata", [0, HEAD_BYTES])
def test_it_reads_what_parse_reads(picture: bytes, metadata: int) -> None:
    header = frame_header("front", 7, source="a camera", camera_metadata={"note": "x" * metadata})
    message = pack("half", "front", header, picture)
    parts, parsed = parse(message, FrameHeader)

    found = view(message)

    assert (found.header, found.header_json, bytes(found.jpeg)) == (parsed, parts.header, parts.body)
    assert (found.seq, found.missed) == (7, 0)


def test_the_picture_is_the_memory_of_the_message() -> None:
    message = bytearray(pack("live", "front", frame_header(), PICTURE))

    found = view(memoryview(message))
    message[-1] = 0xDA

    assert found.jpeg[-1] == 0xDA
    assert found.message == message
    with pytest.raises(BufferError):
        message.clear()  # it lives as long as the view


def test_nothing_of_the_picture_is_copied() -> None:
    message = pack("live", "front", frame_header(), bytes(8_000_000))
    tracemalloc.start()
    try:
        found = view(message)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.jpeg) == 8_000_000
    assert peak < 1_000_000


MALFORMED = {
    "empty": b"",
    "one line end": b"live/front\n{}",
    "a long header without an end": b"live/front\n" + b" " * (HEAD_BYTES + 1),
    "without a key": b"live/front\n{}\n",
    "of another kind": b"other/front\n{}\n",
    "for no camera": b"live/FRONT\n{}\n",
    "of another camera": pack("live", "back", frame_header("front"), PICTURE),
    "too large": bytes(MAX_MESSAGE_BYTES + 1),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_message_is_refused_with_the_words_of_parse(message: bytes) -> None:
    with pytest.raises(WireError) as parsed:
        parse(message, FrameHeader)
    for _ in range(2):
        with pytest.raises(WireError) as viewed:
            view(message)
        assert str(viewed.value) == str(parsed.value)
