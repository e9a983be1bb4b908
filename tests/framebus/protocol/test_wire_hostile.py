"""The wire format with generated, hostile and damaged messages."""

import contextlib
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

from framebus.protocol import wire
from framebus.protocol.controls import ControlsHeader, ControlsRequest
from framebus.protocol.stills import ClipHeader, RequestError, parse_request
from framebus.protocol.viewers import ViewersHeader
from framebus.protocol.wire import (
    CAMERA_PATTERN,
    KINDS,
    ErrorHeader,
    FrameHeader,
    Kind,
    StatusHeader,
    WireError,
    decode,
    pack,
    parse,
)
from tests.framebus.golden.make import PACKED, messages
from tests.framebus.protocol.headers import json_of, monotonic

many = settings(max_examples=300, deadline=None)


names = st.from_regex(CAMERA_PATTERN, fullmatch=True)


finite = st.floats(allow_nan=False, allow_infinity=False)


whole = st.integers(min_value=1, max_value=wire.MAX_COUNT)


pixels = st.integers(min_value=1, max_value=wire.MAX_PIXELS)


unix = st.floats(0, wire.MAX_UNIX_SECONDS)


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
