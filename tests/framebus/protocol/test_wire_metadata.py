"""The bounds of what a camera reports: the largest that is allowed, the least that is not, and the reason."""

from typing import Any

import msgspec
import pytest

from framebus.protocol import wire
from framebus.protocol.wire import (
    MAX_HEADER_BYTES,
    MAX_METADATA_DEPTH,
    MAX_METADATA_INTEGER,
    MAX_METADATA_VALUES,
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    FrameHeader,
    WireError,
)
from tests.framebus.publisher import frame_header


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def read(metadata: dict[str, Any]) -> FrameHeader:
    header = msgspec.structs.replace(frame_header(), camera_metadata=metadata)
    return wire.decode(msgspec.json.encode(header), FrameHeader)


@pytest.mark.parametrize(
    "metadata",
    [
        {"a": MAX_METADATA_INTEGER, "b": -MAX_METADATA_INTEGER},
        {"a": [0] * (MAX_METADATA_VALUES - 1)},
        {"a" * MAX_NAME_LENGTH: "b" * MAX_TEXT_LENGTH},
        nested(MAX_METADATA_DEPTH - 1),
    ],
)
def test_so_much_is_allowed(metadata: dict[str, Any]) -> None:
    assert read(metadata).camera_metadata == metadata


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"a": MAX_METADATA_INTEGER + 1}, "camera_metadata with an integer of more than 63 bits"),
        ({"a": [-MAX_METADATA_INTEGER - 1]}, "camera_metadata with an integer of more than 63 bits"),
        ({"a": [0] * MAX_METADATA_VALUES}, "camera_metadata with more than 4096 values"),
        (nested(MAX_METADATA_DEPTH + 1), "camera_metadata nested deeper than 8"),
        (
            {"a" * (MAX_NAME_LENGTH + 1): 1},
            "camera_metadata with a text of control characters or of more than 128 characters",
        ),
        (
            {"a": "b" * (MAX_TEXT_LENGTH + 1)},
            "camera_metadata with a text of control characters or of more than 16384 characters",
        ),
        ({"a": "b\nc"}, "camera_metadata with a text of control characters or of more than 16384 characters"),
        (
            {"a": {"b": "c\nd"}, "e": {"f": 1}},
            "camera_metadata with a text of control characters or of more than 16384 characters",
        ),
        (
            {"a": ["b\nc"], "d": [1]},
            "camera_metadata with a text of control characters or of more than 16384 characters",
        ),
        ({"a\x85": 1}, "camera_metadata with a text of control characters or of more than 128 characters"),
    ],
)
def test_more_is_malformed(metadata: dict[str, Any], reason: str) -> None:
    header = msgspec.json.encode(msgspec.structs.replace(frame_header(), camera_metadata=metadata))
    with pytest.raises(WireError) as raised:
        wire.decode(header, FrameHeader)
    assert str(raised.value) == reason


def test_a_header_of_the_largest_size_is_read() -> None:
    made = frame_header()
    header = msgspec.json.encode(made)
    assert wire.decode(header + b" " * (MAX_HEADER_BYTES - len(header)), FrameHeader) == made
    with pytest.raises(WireError):
        wire.decode(header + b" " * (MAX_HEADER_BYTES - len(header) + 1), FrameHeader)
