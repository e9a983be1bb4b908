"""The recordings that the benchmark makes are ones."""

import os
from pathlib import Path

import pytest

from benchmarks.many_days import CAMERAS, MINUTE, make_recordings
from benchmarks.recorded_seek import FPS, SECONDS, segment
from framebus.recordings.folder import RecordingFolder

BEGIN = 1_767_225_600
"""2026-01-01, 00:00:00 UTC."""


@pytest.mark.medium
def test_each_minute_of_each_camera_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "segment.mkv").write_bytes(segment())
    make_recordings(tmp_path / "recordings", tmp_path / "segment.mkv", SECONDS, range(BEGIN, BEGIN + 86_400, MINUTE))
    found = RecordingFolder(tmp_path / "recordings")
    assert found.cameras() == sorted(CAMERAS)
    (span,) = found.spans("back")
    assert (span.begin, span.end) == (BEGIN, BEGIN + 86_400)
    frame = found.frame_before("back", BEGIN + 4000.05)
    assert frame is not None
    assert frame.at == pytest.approx(BEGIN + 4000, abs=0.002)
    assert len(list(found.frames("back", BEGIN + 60.0, BEGIN + 119.99))) == FPS * SECONDS
    assert os.stat(frame.segment.path).st_nlink == 1441
