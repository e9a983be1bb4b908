"""The wire format: golden bytes in both directions, each refusal with its text, and no other exception ever."""

import contextlib
import io
import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framebus.protocol import wire
from framebus.protocol.controls import ControlsHeader, ControlsRequest
from framebus.protocol.stills import ClipHeader, RequestError, parse_request
from framebus.protocol.wire import (
    CAMERA_PATTERN,
    KINDS,
    MAX_MESSAGE_BYTES,
    ErrorHeader,
    FrameHeader,
    Kind,
    Message,
    StatusHeader,
    ViewersHeader,
    WireError,
    decode,
    is_camera_name,
    pack,
    parse,
    retopic,
    split,
    topic,
)
from tests.framebus.golden.make import FOLDER, FRAME, JPEG, PACKED, messages
from tests.framebus.publisher import frame_header

GOLDEN_FILES = sorted(FOLDER.glob("*.bin"))

many = settings(max_examples=300, deadline=None)
names = st.from_regex(CAMERA_PATTERN, fullmatch=True)
finite = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(min_value=1, max_value=wire.MAX_COUNT)
pixels = st.integers(min_value=1, max_value=wire.MAX_PIXELS)
unix = st.floats(0, wire.MAX_UNIX_SECONDS)
monotonic = st.floats(-wire.MAX_MONOTONIC_SECONDS, wire.MAX_MONOTONIC_SECONDS)
lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
keys = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=wire.MAX_NAME_LENGTH)
tokens = st.from_regex(wire.TOKEN_PATTERN, fullmatch=True).map(lambda text: text[: wire.MAX_EPOCH_LENGTH])
codes = st.from_regex(wire.CODE_PATTERN, fullmatch=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
metadata_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | finite | lines,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
frame_headers = st.builds(
    FrameHeader,
    v=st.just(1),
    camera=names,
    seq=whole,
    epoch=tokens,
    captured=unix,
    monotonic=monotonic,
    published=monotonic,
    width=pixels,
    height=pixels,
    orientation=st.integers(1, 8),
    source=lines,
    dropped=st.integers(0, wire.MAX_COUNT),
    camera_metadata=st.dictionaries(keys, metadata_values, max_size=3) | st.just(msgspec.UNSET),
)


def json_of(header: FrameHeader, **changes: Any) -> bytes:
    """The header as JSON, with keys changed, or without those that become `...`."""
    found = {**json.loads(msgspec.json.encode(header)), **changes}
    return json.dumps({key: value for key, value in found.items() if value is not ...}).encode()


# The golden files


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


# Topics


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


# split


def test_split_leaves_line_ends_in_the_body_alone() -> None:
    assert split(b"live/front\n{}\na\nb\n") == Message("live", "front", b"{}", b"a\nb\n")


def test_a_message_may_have_neither_header_nor_body_to_be_taken_apart() -> None:
    assert split(b"status/front\n\n") == Message("status", "front", b"", b"")


def test_an_error_may_name_no_camera() -> None:
    assert split(b"error/\n{}\n") == Message("error", "", b"{}", b"")


KINDS_ALLOWED = (
    "allowed: live, half, quarter, peek, full, snapshot, status, clip, controls, error, viewers, "
    "each followed by /camera"
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


# decode


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


@pytest.mark.parametrize("depth", [10, 500, 990, 1000, 100_000])
@pytest.mark.parametrize("key", [b"v", b"camera_metadata"])
def test_deep_nesting_is_refused_as_anything_else(key: bytes, depth: int) -> None:
    with pytest.raises(WireError):
        decode(b'{"%s":%s%s}' % (key, b"[" * depth, b"]" * depth), FrameHeader)


def test_an_unknown_key_of_a_message_is_ignored() -> None:
    assert decode(json_of(FRAME, novelty={"a": [1]}), FrameHeader) == FRAME


def test_the_figures_of_a_worker_count_from_0_for_cameras_that_may_be_called_so() -> None:
    figures = b'{"viewers":%d,"received":0,"missed":0,"sent":0}'
    for cameras, text in [
        (b'{"front":%s}' % (figures % -1), "Expected `int` >= 0 - at `$.cameras[...].viewers`"),
        (b'{"front":{}}', "Object missing required field `viewers` - at `$.cameras[...]`"),
    ]:
        with pytest.raises(WireError) as caught:
            decode(b'{"v":1,"pid":1,"viewers":0,"cameras":%s}' % cameras, ViewersHeader)
        assert str(caught.value) == f"ViewersHeader: {text}"
    with pytest.raises(WireError):
        decode(b'{"v":1,"pid":1,"viewers":0,"cameras":{"Front":%s}}' % (figures % 0), ViewersHeader)


# parse


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


# Anything at all


@pytest.mark.slow
@many
@given(st.sampled_from(["live", "peek", "snapshot"]), frame_headers, st.binary(max_size=200))
def test_every_frame_comes_back_as_it_was(kind: Kind, header: FrameHeader, body: bytes) -> None:
    message = pack(kind, header.camera, header, body)

    parts, found = parse(message, FrameHeader)

    assert (parts.kind, parts.camera, parts.body, found) == (kind, header.camera, body, header)
    assert parts.header.count(b"\n") == 0


@pytest.mark.slow
@many
@given(names, codes, lines)
def test_every_error_comes_back_as_it_was(camera: str, code: str, message: str) -> None:
    header = ErrorHeader(v=1, code=code, message=message)
    assert parse(pack("error", camera, header), ErrorHeader)[1] == header


STRUCTS: dict[str, type[Any]] = {
    "live": FrameHeader,
    "status": StatusHeader,
    "error": ErrorHeader,
    "viewers": ViewersHeader,
    "clip": ClipHeader,
    "controls": ControlsHeader,
}
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def assert_usable(value: Any) -> None:
    """Fails for what would break a log, an HTTP header, a calendar or an encoder behind the parser."""
    msgspec.json.encode(value)
    stack = [msgspec.to_builtins(value)]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            stack += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            stack += part
        elif isinstance(part, float):
            assert math.isfinite(part)


def assert_read_or_refused(message: bytes) -> None:
    """Fails by any exception but a WireError, and for a header with values that its readers could not use."""
    for kind in STRUCTS.values():
        with contextlib.suppress(WireError):
            parts, header = parse(message, kind)
            assert parts.kind in KINDS
            assert isinstance(header, kind)
            assert_usable(header)


HOSTILE = [
    1e300, -1e300, -1e18, 10**30, -(10**30), 2**53, -1, 0, 1.5, True, None, "", [], {}, "\r\nSet-Cookie: a=b",
    'a"b', "\0", "\x85", "\u2028", "\ud800", "x" * 20_000, [[[[[[[[[[1]]]]]]]]]], {"a": 10**30}, {"a\nb": 1}, ["x\ny"],
    list(range(5000)),
]  # fmt: skip
RAW = [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1" * 400, b"1" * 5000, b'"\\ud800"', b"[" * 600 + b"]" * 600]


def golden_header(kind: str) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads(msgspec.json.encode(PACKED[kind].header))
    return golden


KEYS = [(kind, key) for kind, struct in STRUCTS.items() for key in struct.__struct_fields__]


@pytest.mark.parametrize(("kind", "key"), KEYS)
def test_a_hostile_value_of_any_key_is_refused_or_usable(kind: str, key: str) -> None:
    golden = PACKED[kind]
    values = [json.dumps(value).encode() for value in HOSTILE] + RAW
    for value in values:
        header = json.dumps({**golden_header(kind), key: "HERE"}).encode().replace(b'"HERE"', value)
        message = f"{kind}/{golden.camera}\n".encode() + header + b"\n"
        with contextlib.suppress(WireError):
            _, found = parse(message, STRUCTS[kind])
            assert_usable(found)
            for name in ("reason", "source", "epoch", "message", "code", "id"):
                assert not FORBIDDEN.search(getattr(found, name, "")), (name, value)
            for name in ("since", "captured"):
                datetime.fromtimestamp(getattr(found, name, None) or 0)


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("status", "since", 1e300),
        ("status", "since", -1e18),
        ("status", "captured", 1e300),
        ("status", "monotonic", 1e300),
        ("status", "seq", -1),
        ("status", "pid", -1),
        ("status", "fps", -1),
        ("status", "width", 10**9),
        ("status", "bad", 2**60),
        ("status", "reason", "offline\nlevel=error"),
        ("status", "source", "a\x7fb"),
        ("status", "epoch", "a b"),
        ("live", "captured", 1e300),
        ("live", "epoch", 'a"b'),
        ("live", "epoch", "a\r\nb"),
        ("live", "epoch", "x" * 65),
        ("live", "seq", 2**60),
        ("live", "published", -1e300),
        ("live", "camera_metadata", {"a": 2**70}),
        ("live", "camera_metadata", {"a": [[[[[[[[[1]]]]]]]]]}),
        ("live", "camera_metadata", {"a": list(range(5000))}),
        ("error", "code", "Bad Request"),
        ("error", "message", "x" * 20_000),
        ("clip", "size", -1),
        ("clip", "id", "../x"),
        ("viewers", "pid", 2**40),
        ("controls", "controls", [{"name": "a\nb", "type": "int"}]),
        ("controls", "controls", [{"name": "a", "type": "int", "value": 10**30}]),
    ],
)
def test_a_value_out_of_bounds_is_refused(kind: str, key: str, value: Any) -> None:
    header = json.dumps({**golden_header(kind), key: value}).encode()
    with pytest.raises(WireError):
        decode(header, STRUCTS[kind])


def test_what_is_sent_has_no_control_characters() -> None:
    """A driver's error text may have any: every reader would refuse that status."""
    status = msgspec.structs.replace(PACKED["status"].header, reason="no\r\nsuch\x00device\u2028", source="x" * 99999)
    _, found = parse(pack("status", "back-door", status), StatusHeader)
    assert found.reason == "no  such device "
    assert found.source == "x" * wire.MAX_TEXT_LENGTH
    _, error = parse(pack("error", "front", ErrorHeader(v=1, code="offline", message="a\tb\x7f")), ErrorHeader)
    assert error.message == "a b "


def test_a_header_over_the_limit_is_refused() -> None:
    with pytest.raises(WireError, match=r"\AFrameHeader of 524289 bytes, allowed: at most 524288\Z"):
        decode(b" " * (wire.MAX_HEADER_BYTES + 1), FrameHeader)


@pytest.mark.slow
@many
@given(st.binary())
def test_random_bytes_are_refused_by_nothing_but_a_wire_error(message: bytes) -> None:
    assert_read_or_refused(message)
    assert_read_or_refused(b"live/front\n" + message + b"\n")
    with contextlib.suppress(WireError):
        decode(message, ControlsRequest)
    with contextlib.suppress(RequestError):
        parse_request(message)


@dataclass(frozen=True)
class Edit:
    """Bytes that replace others."""

    at: float
    length: int
    by: bytes

    def apply(self, message: bytes) -> bytes:
        start = int(self.at * len(message))
        return message[:start] + self.by + message[start + self.length :]


pieces = st.binary(max_size=4) | st.sampled_from(
    [b"\n", b"null", b"-1", b'"', b"[[", b"}", b"1e999", b"\\ud800", b"{}"]
)
edits = st.builds(Edit, st.floats(0, 1), st.integers(0, 8), pieces)


@pytest.mark.slow
@many
@given(st.sampled_from(sorted(messages())), st.lists(edits, min_size=1, max_size=4))
def test_a_damaged_message_is_read_or_refused_by_nothing_but_a_wire_error(name: str, damage: list[Edit]) -> None:
    message = messages()[name]
    for edit in damage:
        message = edit.apply(message)
    assert_read_or_refused(message)


@pytest.mark.slow
@many
@given(frame_headers, st.dictionaries(st.sampled_from(FrameHeader.__struct_fields__), json_values))
def test_a_header_with_other_values_is_read_or_refused(header: FrameHeader, changes: dict[str, Any]) -> None:
    assert_read_or_refused(b"live/" + header.camera.encode() + b"\n" + json_of(header, **changes) + b"\n")
