import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from snapshot.clip import Clip
from snapshot.still import Still
from tests.gateway.camera import jpeg
from tests.headers import frame_header
from tests.programs import need

COLOURS = ("red", "green", "blue", "white", "black", "yellow", "cyan", "magenta")


def stills(count: int, size: tuple[int, int] = (64, 48)) -> list[Still]:
    """So many frames, ten a second."""
    width, height = size
    return [
        Still(
            frame_header("front", seq, monotonic=seq / 10, width=width, height=height),
            jpeg(COLOURS[seq % len(COLOURS)], size),
        )
        for seq in range(count)
    ]


def probed(file: Path) -> dict[str, Any]:
    """What ffprobe finds: the frames are counted, not believed."""
    command = [need("ffprobe"), "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)["streams"][0]
    return found


def written(clip: Clip, file: Path, page: int) -> Path:
    """The complete clip, read in pages of this size."""
    data = b""
    while part := clip.page(len(data), page):
        data += part
    assert len(data) == clip.size
    file.write_bytes(data)
    return file


@pytest.mark.medium
@pytest.mark.parametrize("page", [1_000_000, 1000, 7])
@pytest.mark.parametrize("count", [1, 2, 25])
def test_an_avi_plays_with_all_its_frames_at_their_rate(count: int, page: int, tmp_path: Path) -> None:
    found = probed(written(Clip(stills(count), "avi"), tmp_path / "clip.avi", page))
    assert (found["codec_name"], found["width"], found["height"]) == ("mjpeg", 64, 48)
    assert int(found["nb_read_frames"]) == count
    numerator, denominator = map(int, found["r_frame_rate"].split("/"))
    assert numerator / denominator == pytest.approx(10, rel=0.01)


@pytest.mark.medium
def test_motion_jpeg_is_the_frames_in_a_row(tmp_path: Path) -> None:
    taken = stills(25)
    file = written(Clip(taken, "mjpg"), tmp_path / "clip.mjpg", 1000)
    assert file.read_bytes() == b"".join(still.jpeg for still in taken)
    assert int(probed(file)["nb_read_frames"]) == 25


def test_the_jpegs_are_not_encoded_again() -> None:
    taken = stills(3)
    data = Clip(taken, "avi").page(0, 10_000_000)
    assert all(still.jpeg in data for still in taken)


def test_an_avi_says_when_each_frame_was_captured() -> None:
    taken = stills(3)
    _, _, times = Clip(taken, "avi").page(0, 10_000_000).rpartition(b"time")
    assert struct.unpack("<I3q", times) == (24, *(round(still.header.captured * 1e6) for still in taken))


def test_an_avi_has_frames_of_one_size() -> None:
    clip = Clip([*stills(3), *stills(2, (32, 24))], "avi")
    assert clip.frames == 3
    assert Clip([*stills(3), *stills(2, (32, 24))], "mjpg").frames == 5


def test_behind_the_end_there_is_nothing() -> None:
    clip = Clip(stills(2), "mjpg")
    assert clip.page(clip.size, 10) == b""
    assert clip.page(clip.size + 100, 10) == b""


@pytest.mark.parametrize("size", [(13_300, 13_300), (65_535, 65_535), (40_000, 40_000), (2**31, 5), (2**70, 2**70)])
def test_an_avi_of_frames_that_claim_any_size_is_written(size: tuple[int, int]) -> None:
    width, height = size
    header = frame_header("front", 1, width=width, height=height)
    clip = Clip([Still(header, jpeg())], "avi")
    assert clip.page(0, 100_000).startswith(b"RIFF")


@pytest.mark.parametrize("seconds", [1e-9, 3600.0, 1e9, 1e300])
def test_an_avi_of_frames_any_time_apart_is_written(seconds: float) -> None:
    pair = [Still(frame_header("front", seq, monotonic=seq * seconds), jpeg()) for seq in range(2)]
    assert Clip(pair, "avi").page(0, 100_000).startswith(b"RIFF")
