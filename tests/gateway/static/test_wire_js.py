"""The page's wire.js reads what framebus/protocol/wire.py writes."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from framebus.protocol import wire
from tests.programs import need

SPLIT = Path(__file__).with_name("split.mjs")

FRAME = wire.FrameHeader(
    v=1,
    camera="front",
    seq=42,
    epoch="a1",
    captured=1790000000.123456,
    monotonic=5.25,
    published=5.5,
    width=1280,
    height=720,
    orientation=6,
    source="über/kamera",
    dropped=3,
)
STATUS = wire.StatusHeader(
    v=1,
    camera="back-door_2",
    state="offline",
    reason="unplugged",
    since=1790000000.5,
    epoch="a1",
    pid=7,
    source="v4l2:/dev/video0",
    seq=0,
    captured=None,
    monotonic=None,
    width=0,
    height=0,
    fps=0.0,
    watched=False,
    dropped=0,
    bad=0,
)


def split_in_javascript(message: bytes) -> dict[str, Any]:
    done = subprocess.run([need("node"), SPLIT], input=message, capture_output=True, check=True, timeout=30)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("kind", "camera", "header", "body"),
    [
        ("live", "front", FRAME, b"\xff\xd8 line\nends and \x00 bytes\n\xff\xd9"),
        ("live", "front", FRAME, b""),
        ("status", "back-door_2", STATUS, b""),
    ],
)
def test_reads_what_python_writes(kind: wire.Kind, camera: str, header: msgspec.Struct, body: bytes) -> None:
    found = split_in_javascript(wire.pack(kind, camera, header, body))

    assert (found["kind"], found["camera"]) == (kind, camera)
    assert found["header"] == msgspec.to_builtins(header)
    assert base64.b64decode(found["body"]) == body


@pytest.mark.slow
@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"live/front",
        b'live/front\n{"seq":1}',
        b"front\n{}\n",
        b"live/Front\n{}\n",
        b"live/\n{}\n",
        b"live/front\nno json\n",
        b"live/front\n[1]\n",
        b"live/front\nnull\n",
        b"\n\n\n",
    ],
)
def test_refuses_what_is_no_message(message: bytes) -> None:
    assert split_in_javascript(message) == {"mistake": "SyntaxError"}
