"""The page's wire.js reads what framebus/protocol/wire.py writes."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from framebus.protocol import wire
from tests.headers import frame_header, status_header
from tests.programs import need

SPLIT = Path(__file__).with_name("split.mjs")

FRAME = frame_header(seq=42, captured=1790000000.123456, orientation=6, source="über/kamera", dropped=3)
STATUS = status_header("offline", "unplugged", "back-door_2", since=1790000000.5)


def split_in_javascript(message: bytes) -> dict[str, Any]:
    done = subprocess.run([need("node"), SPLIT], input=message, capture_output=True, check=True, timeout=30)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.medium
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
