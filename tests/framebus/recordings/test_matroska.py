"""The files open in the programs of others, with true times and the wall clock of their start."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from framebus.recordings import matroska
from tests.framebus.recordings.segments import STARTED, jpeg, segment
from tests.programs import need

TIMES_MS = [0, 37, 70, 104, 1003, 1040, 1400, 3000, 3001, 59999]
"""A camera that hesitates: no frame rate explains them."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "segment.mkv"
    path.write_bytes(segment(TIMES_MS))
    return path


def probe(file: Path, *options: str) -> Any:
    command = [need("ffprobe"), "-v", "error", "-of", "json", *options, str(file)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def test_dates_count_microseconds() -> None:
    assert matroska.unix_seconds(matroska.ns_of(STARTED)) == STARTED
    assert matroska.unix_seconds(matroska.ns_of(0.0)) == 0.0


@pytest.mark.slow
def test_ffmpeg_reads_every_frame_with_its_time(file: Path) -> None:
    found = probe(file, "-show_entries", "packet=pts_time,size:stream=codec_name,width,height:format_tags")

    assert [round(float(packet["pts_time"]) * 1000) for packet in found["packets"]] == TIMES_MS
    assert [int(packet["size"]) for packet in found["packets"]] == [len(jpeg(n)) for n in range(len(TIMES_MS))]
    assert found["streams"] == [{"codec_name": "mjpeg", "width": 32, "height": 16}]
    assert found["format"]["tags"]["creation_time"] == "2026-01-01T00:00:00.123456Z"
    assert found["format"]["tags"]["title"] == "front"


@pytest.mark.slow
def test_ffmpeg_takes_the_original_pictures_out(file: Path, tmp_path: Path) -> None:
    command = [need("ffmpeg"), "-v", "error", "-i", str(file), "-c", "copy", "-f", "image2", str(tmp_path / "%d.jpg")]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)

    assert not [line for line in result.stderr.splitlines() if "matroska" in line]
    assert [(tmp_path / f"{n + 1}.jpg").read_bytes() for n in range(len(TIMES_MS))] == [
        jpeg(n) for n in range(len(TIMES_MS))
    ]


@pytest.mark.slow
def test_opencv_reads_every_frame(file: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    video = cv2.VideoCapture(str(file))
    times = []
    while video.read()[0]:
        times.append(round(video.get(cv2.CAP_PROP_POS_MSEC)))

    assert times == TIMES_MS


@pytest.mark.slow
def test_pyav_reads_every_frame(file: Path) -> None:
    av = pytest.importorskip("av")
    with av.open(str(file)) as container:
        assert [round(frame.time * 1000) for frame in container.decode(video=0)] == TIMES_MS


@pytest.mark.slow
def test_mkvtoolnix_finds_nothing_wrong(file: Path, tmp_path: Path) -> None:
    listed = subprocess.run([need("mkvinfo"), "-v", "-v", str(file)], capture_output=True, text=True, timeout=60)
    merged = subprocess.run(
        [need("mkvmerge"), "-o", str(tmp_path / "merged.mkv"), str(file)], capture_output=True, text=True, timeout=60
    )

    assert listed.returncode == merged.returncode == 0, listed.stdout + merged.stdout
    for problem in ("nknown element", "rror", "arning", "amaged"):
        assert problem not in listed.stdout + merged.stdout
    assert listed.stdout.count("Block group") == len(TIMES_MS)
    packets = probe(tmp_path / "merged.mkv", "-show_entries", "packet=pts_time")["packets"]
    assert [round(float(packet["pts_time"]) * 1000) for packet in packets] == TIMES_MS
