"""The wire format: golden bytes in both directions, each refusal with its text, and no other exception ever."""

import io
from typing import Any, cast

import msgspec
import pytest
from PIL import Image

from framebus.protocol.wire import (
    MAX_MESSAGE_BYTES,
    MAX_TEXT_LENGTH,
    ErrorHeader,
    FrameHeader,
    Message,
    WireError,
    decode,
    is_camera_name,
    one_line,
    pack,
    parse,
    retopic,
    split,
    topic,
)
from tests.framebus.golden.make import FOLDER, FRAME, JPEG, PACKED, messages
from tests.framebus.protocol.headers import json_of
from tests.framebus.publisher import frame_header
from tests.headers import status_header

GOLDEN_FILES = sorted(FOLDER.glob("*.bin"))


def test_the_golden_files_are_what_is_packed_today() -> None:
    """Where this fails, the format has changed: give it another version."""
    assert {file.stem: file.read_bytes() for file in GOLDEN_FILES} == messages()


@pytest.mark.parametrize("name", PACKED)
def test_a_golden_file_is_read_as_what_it_was_made_from(name: str) -> None:
    golden = PACKED[name]
    kind: type[Any] = type(golden.header)
    message = (FOLDER / f"{name}.bin").read_bytes()

    parts, header = parse(message, kind)

    assert (parts.kind, parts.camera, header, parts.body) == golden
    assert pack(*golden) == message


def test_a_frame_is_these_bytes() -> None:
    assert pack("live", "front", FRAME, JPEG) == (
        b"live/front\n"
        b'{"v":1,"camera":"front","seq":42,"epoch":"9f86d081884c7d65","captured":1767225600.123456,'
        b'"monotonic":5025.654321,"published":5025.671234,"width":16,"height":8,"orientation":6,'
        b'"source":"v4l2:/dev/video0","dropped":3}\n' + JPEG
    )


def test_a_frame_of_a_later_version_1_is_read_without_the_keys_that_are_not_known() -> None:
    parts, header = parse((FOLDER / "live-from-later.bin").read_bytes(), FrameHeader)

    metadata = {"ExposureTime": 9998, "ColourGains": [1.5, 2.25]}
    clock = {"monotonic": 5.654321, "published": 5.671234}
    assert header == msgspec.structs.replace(FRAME, orientation=1, camera_metadata=metadata, **clock)
    assert parts.body == JPEG


def test_the_golden_picture_is_a_jpeg_with_line_ends_in_it() -> None:
    with Image.open(io.BytesIO(JPEG)) as picture:
        picture.load()
        assert picture.size == (FRAME.width, FRAME.height)
    assert JPEG.count(b"\n") > 1


def test_a_topic_ends_its_line_so_that_cam1_is_not_cam10() -> None:
    assert topic("live", "cam1") == b"live/cam1\n"
    assert not pack("live", "cam10", frame_header(camera="cam10")).startswith(topic("live", "cam1"))


def test_retopic_changes_the_first_line_and_nothing_else() -> None:
    message = pack("live", "front", FRAME, JPEG)

    assert retopic(message, "peek", "front") == pack("peek", "front", FRAME, JPEG)


@pytest.mark.parametrize("name", ["front", "0", "cam-1", "a_b", "x" * 32])
def test_a_camera_may_be_called_this(name: str) -> None:
    assert is_camera_name(name)


@pytest.mark.parametrize("name", ["", "x" * 33, "-a", "_a", "Front", "a b", "a/b", "a.b", "ä", "front\n", "\nfront"])
def test_a_camera_may_not_be_called_this(name: str) -> None:
    assert not is_camera_name(name)


def test_split_leaves_line_ends_in_the_body_alone() -> None:
    assert split(b"live/front\n{}\na\nb\n") == Message("live", "front", b"{}", b"a\nb\n")


def test_a_message_may_have_neither_header_nor_body_to_be_taken_apart() -> None:
    assert split(b"status/front\n\n") == Message("status", "front", b"", b"")


def test_an_error_may_name_no_camera() -> None:
    assert split(b"error/\n{}\n") == Message("error", "", b"{}", b"")


KINDS_ALLOWED = (
    "allowed: live, half, quarter, peek, full, snapshot, recorded, status, event, clip, controls, recorder, error, "
    "viewers, each followed by /camera"
)


CAMERAS_ALLOWED = "allowed: 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"", "message with 0 line ends, expected 2 or more: ''"),
        (b"live/front", "message with 0 line ends, expected 2 or more: 'live/front'"),
        (b"live/front\n{}", "message with 1 line ends, expected 2 or more: 'live/front\\n{}'"),
        (
            b"\xff\xd8" + b"x" * 100,
            "message with 0 line ends, expected 2 or more: '\\\\xff\\\\xd8xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'…",
        ),
        (b"front\n{}\n", f"message of kind 'front', {KINDS_ALLOWED}"),
        (b"video/front\n{}\n", f"message of kind 'video/front', {KINDS_ALLOWED}"),
        (b"\xff/front\n{}\n", f"message of kind '\\\\xff/front', {KINDS_ALLOWED}"),
        (b"LIVE/front\n{}\n", f"message of kind 'LIVE/front', {KINDS_ALLOWED}"),
        (b"live/\n{}\n", f"message for camera '', {CAMERAS_ALLOWED}"),
        (b"live/Front\n{}\n", f"message for camera 'Front', {CAMERAS_ALLOWED}"),
        (b"live/front\r\n{}\n", f"message for camera 'front\\r', {CAMERAS_ALLOWED}"),
        (b"live/front/2\n{}\n", f"message for camera 'front/2', {CAMERAS_ALLOWED}"),
        (b"error/Front\n{}\n", f"message for camera 'Front', {CAMERAS_ALLOWED}"),
    ],
)
def test_split_refuses(message: bytes, text: str) -> None:
    with pytest.raises(WireError) as caught:
        split(message)
    assert str(caught.value) == text


def test_split_takes_a_message_of_the_greatest_size_and_none_beyond() -> None:
    greatest = b"live/front\n\n".ljust(MAX_MESSAGE_BYTES, b"x")

    assert len(split(greatest).body) == MAX_MESSAGE_BYTES - 12
    with pytest.raises(WireError) as caught:
        split(greatest + b"x")
    assert str(caught.value) == "message of 33554433 bytes, allowed: at most 33554432"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (b"", "FrameHeader: Input data was truncated"),
        (b"[]", "FrameHeader: Expected `object`, got `array`"),
        (b"{}", "FrameHeader: Object missing required field `v`"),
        (json_of(FRAME, seq=...), "FrameHeader: Object missing required field `seq`"),
        (json_of(FRAME, seq=0), "FrameHeader: Expected `int` >= 1 - at `$.seq`"),
        (json_of(FRAME, seq="42"), "FrameHeader: Expected `int`, got `str` - at `$.seq`"),
        (json_of(FRAME, captured=None), "FrameHeader: Expected `float`, got `null` - at `$.captured`"),
        (json_of(FRAME, orientation=9), "FrameHeader: Expected `int` <= 8 - at `$.orientation`"),
        (json_of(FRAME, width=0), "FrameHeader: Expected `int` >= 1 - at `$.width`"),
        (json_of(FRAME, dropped=-1), "FrameHeader: Expected `int` >= 0 - at `$.dropped`"),
        (json_of(FRAME, camera_metadata=[]), "FrameHeader: Expected `object`, got `array` - at `$.camera_metadata`"),
        (
            json_of(FRAME, camera="Front"),
            "FrameHeader: Expected `str` matching regex '\\\\A[a-z0-9][a-z0-9_-]{0,31}\\\\Z' - at `$.camera`",
        ),
        (
            json_of(FRAME, epoch="a b"),
            "FrameHeader: Expected `str` matching regex '\\\\A[0-9A-Za-z._-]*\\\\Z' - at `$.epoch`",
        ),
        (json_of(FRAME, source="a" * 16385), "FrameHeader: Expected `str` of length <= 16384 - at `$.source`"),
        (json_of(FRAME, v=2), "version '2' of the wire format, this program reads version 1"),
        (b'{"v":3}', "version '3' of the wire format, this program reads version 1"),
        (b'{"v":null}', "version 'None' of the wire format, this program reads version 1"),
        (
            b'{"v":"' + b"1" * 100 + b'"}',
            'version "\'111111111111111111111111111111111111111"… of the wire format, this program reads version 1',
        ),
        (b'{"v":true}', "FrameHeader: Expected `int`, got `bool` - at `$.v`"),
    ],
)
def test_decode_refuses(header: bytes, text: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(header, FrameHeader)
    assert str(caught.value) == text


@pytest.mark.parametrize("changes", [{"camera": "Front"}, {"epoch": "a b"}, {"source": "a\nb"}])
def test_each_text_of_a_header_is_checked_also_after_others_of_its_camera(changes: dict[str, str]) -> None:
    for _ in range(2):
        assert decode(json_of(FRAME), FrameHeader) == FRAME
        with pytest.raises(WireError):
            decode(json_of(FRAME, **changes), FrameHeader)


@pytest.mark.parametrize("depth", [10, 500, 990, 1000, 100_000])
@pytest.mark.parametrize("key", [b"v", b"camera_metadata"])
def test_deep_nesting_is_refused_as_anything_else(key: bytes, depth: int) -> None:
    with pytest.raises(WireError):
        decode(b'{"%s":%s%s}' % (key, b"[" * depth, b"]" * depth), FrameHeader)


def test_an_unknown_key_of_a_message_is_ignored() -> None:
    assert decode(json_of(FRAME, novelty={"a": [1]}), FrameHeader) == FRAME


def test_parse_refuses_a_header_of_another_camera() -> None:
    with pytest.raises(WireError) as caught:
        parse(pack("live", "front", frame_header(camera="back")), FrameHeader)
    assert str(caught.value) == "header of camera back in a message for camera front"


def test_parse_takes_an_error_for_any_camera() -> None:
    header = ErrorHeader(v=1, code="stale", message="too old")

    assert parse(pack("error", "front", header), ErrorHeader) == (
        Message("error", "front", b'{"v":1,"code":"stale","message":"too old"}', b""),
        header,
    )


def test_a_text_that_fits_is_quoted_in_full() -> None:
    for length, shown in ((40, "x" * 40 + "'"), (41, "x" * 40 + "'\u2026")):
        with pytest.raises(WireError) as refused:
            split(b"x" * length)
        assert str(refused.value) == f"message with 0 line ends, expected 2 or more: '{shown}"


def test_a_text_is_put_into_one_line_of_the_greatest_length() -> None:
    assert one_line("no\r\nsuch\x00device\u2028") == "no  such device "
    assert one_line("\n" * (MAX_TEXT_LENGTH + 1)) == " " * MAX_TEXT_LENGTH


def test_beside_a_text_that_is_none_the_others_are_put_into_one_line() -> None:
    """Whoever reads the message refuses it, and may say why."""
    status = status_header("offline", reason=cast("str", 7), source="a\nb")
    assert b'"reason":7,' in pack("status", "front", status)
    assert b'"source":"a b",' in pack("status", "front", status)
