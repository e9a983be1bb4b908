"""Requests to the recorder, without its process."""

import threading
from pathlib import Path

import pytest

from framebus.config.camera import CameraConfig
from framebus.protocol.recorder import RecorderHeader, RecorderRequest, encode
from framebus.protocol.wire import ErrorHeader, parse, split
from recorder.camera_recording import CameraRecording
from recorder.cleaner import MAX_MARKS, Cleaner
from recorder.disk import Disk
from recorder.disk_writer import Batch, DiskWriter
from recorder.recorder_service import RecorderService
from recorder.retention import Limits
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.recorder.frames import frames


@pytest.mark.medium
def test_so_many_marks_wait_for_a_disk_that_is_not_there_and_no_more(tmp_path: Path) -> None:
    disk = Disk(tmp_path / "recordings", 0, tmp_path)  # where nothing is mounted
    limits = Limits(keep_seconds=1e9, keep_bytes=1e15, leave_free_bytes=0)
    cleaner = Cleaner(disk, limits, "this boot", threading.Event(), set)
    writer = DiskWriter(disk, 1_000_000)
    service = RecorderService({"front": CameraRecording(CameraConfig())}, writer, cleaner)
    request = encode(RecorderRequest(camera="front", action="keep", begin=1.0, end=2.0))
    answers = [service.answer(request, 0.0) for _ in range(MAX_MARKS + 1)]
    assert {split(answer).kind for answer in answers[:-1]} == {"recorder"}
    _, refused = parse(answers[-1], ErrorHeader)
    assert (refused.code, refused.message) == ("busy", "1000 requests to keep or release wait for the disk already")
    writer.close(DEADLINE_SECONDS)
    cleaner.close()


class HangingDisk(Disk):
    """Answers when the test lets it."""

    answers = threading.Event()

    def check(self, wanted_bytes: int, first_device: int | None = None) -> int:
        self.answers.wait(DEADLINE_SECONDS)
        return super().check(wanted_bytes, first_device)


def test_a_disk_that_hangs_is_said_to_have_failed(tmp_path: Path) -> None:
    disk = HangingDisk(tmp_path / "recordings", 0)
    cleaner = Cleaner(Disk(tmp_path / "recordings", 0), Limits(1e9, 1e15, 0), "this boot", threading.Event(), set)
    writer = DiskWriter(disk, 1_000_000)
    recording = CameraRecording(CameraConfig(record="always"))
    service = RecorderService({"front": recording}, writer, cleaner, hang_seconds=0.0)

    def state() -> RecorderHeader:
        return parse(service.answer(encode(RecorderRequest(camera="front")), 0.0), RecorderHeader)[1]

    writer.put(Batch("front", frames(0, 500), "always", 3.0, "boot"))
    wait_until(lambda: state().state == "failed", "it is known that the disk hangs")
    assert "the disk of the recordings has not answered for" in state().reason
    disk.answers.set()
    wait_until(lambda: (state().state, state().frames) == ("recording", 2), "the disk has answered")
    writer.close(DEADLINE_SECONDS)
    cleaner.close()
