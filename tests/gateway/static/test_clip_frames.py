"""The page finds the frames of the server's clips, each with its moment, and makes an AVI as the server does."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from framebus.recordings.clip import clip
from framebus.recordings.folder import RecordingFolder
from snapshot.clip import Clip
from snapshot.still import Still
from tests.framebus.recordings.segments import STARTED, jpeg, store
from tests.headers import frame_header
from tests.programs import need

pytestmark = pytest.mark.medium

SCRIPT = Path(__file__).with_name("clip_frames.mjs")
BEGAN = 1_790_000_000.25
PICTURES = [b"\xff\xd8" + bytes([number]) * (1000 + number) + b"\xff\xd9" for number in range(25)]
"""Of even and of odd lengths."""


def read(kind: str, data: bytes) -> tuple[list[tuple[float, bytes]], bytes]:
    """The frames that the page finds in a file, and the AVI that it makes of them."""
    done = subprocess.run([need("node"), SCRIPT, kind], input=data, capture_output=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    frames = [(captured, base64.b64decode(jpeg)) for captured, jpeg in found["frames"]]
    return frames, base64.b64decode(found["avi"])


@pytest.mark.parametrize("count", [1, 25])
def test_an_avi_of_the_history(count: int) -> None:
    stills = [
        Still(frame_header(captured=BEGAN + number / 10, monotonic=5 + number / 10), jpeg)
        for number, jpeg in enumerate(PICTURES[:count])
    ]
    data = Clip(stills, "avi").page(0, 10_000_000)
    frames, again = read("avi", data)
    assert [jpeg for _, jpeg in frames] == [still.jpeg for still in stills]
    assert [captured for captured, _ in frames] == pytest.approx([still.header.captured for still in stills], abs=2e-6)
    assert again == data


def test_a_matroska_file_of_recordings(tmp_path: Path) -> None:
    """With a pause, and clusters of which each begins anew."""
    for started in (STARTED, STARTED + 100):
        store(tmp_path, started, [0, 500, 1000, 1500])
    frames = RecordingFolder(tmp_path).frames("front", STARTED, STARTED + 200)
    data = b"".join(clip(frames, "front", bytes(16), "framebus test"))
    found, _ = read("mkv", data)
    expected = [started + number / 2 for started in (STARTED, STARTED + 100) for number in range(4)]
    assert [captured for captured, _ in found] == pytest.approx(expected, abs=0.001)
    assert [picture for _, picture in found] == [jpeg(number % 4) for number in range(8)]
    assert [frame for frame, _ in zip(read("mkv", data[: len(data) // 2])[0], found, strict=False)] == found[:4], "cut"


def test_a_file_without_times_has_no_frames() -> None:
    still = Still(frame_header(captured=BEGAN), PICTURES[0])
    data = Clip([still], "avi").page(0, 10_000_000).replace(b"time", b"junk")
    assert read("avi", data) == ([], b"")
