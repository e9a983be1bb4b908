"""A power cut under a recording, on the kernel's own ext4 and a disk that drops what it was not told to keep."""

import time
from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from recorder.disk import Disk
from recorder.disk_writer import Batch, DiskWriter
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.recorder.frames import frames
from tests.recorder.test_power_cut import BUFFER_BYTES, TIMES
from tests.vm.conftest import Note
from tests.vm.hardware import SLOWNESS
from tests.vm.logged_disk import LoggedDisk

CUTS = 6
"""Between the marks, beside those at them."""
LIMIT_SECONDS = DEADLINE_SECONDS * SLOWNESS


def test_after_a_power_cut_all_that_was_written_is_there(tmp_path: Path, note: Note) -> None:
    began = time.monotonic()
    disk = LoggedDisk(tmp_path)
    writer = DiskWriter(Disk(tmp_path / "recordings", 0), BUFFER_BYTES)
    every = []
    disk.mark("0")
    for times in TIMES:
        every += frames(*times)
        writer.put(Batch("front", frames(*times), "always", 3.0, "boot"))
        wait_until(lambda: writer.counts["front"].frames == len(every), "it is written", LIMIT_SECONDS)  # noqa: B023
        disk.mark(str(len(every)))
    writer.close(LIMIT_SECONDS)
    log = disk.unplug()
    marks = {number: int(entry.mark) for number, entry in enumerate(log) if entry.mark.isdigit()}
    assert list(marks.values())[-1] == len(every)

    first, last = min(marks), max(marks)
    cuts = sorted({*marks, *range(first, last, max(1, (last - first) // CUTS))})
    for cut in cuts:
        safe = max(count for number, count in marks.items() if number <= cut)
        with disk.restored(log[: cut + 1]) as restored:
            found = list(RecordingFolder(restored / "recordings").frames("front", 0))
        assert safe <= len(found) <= len(every), f"after entry {cut} of {len(log)}"
        for number, (expected, one) in enumerate(zip(every, found, strict=False)):
            assert one.jpeg == expected.jpeg, f"after entry {cut}"
            if number < safe:
                assert one.header == expected.header, f"after entry {cut}"
            else:  # its picture is there, and its header may be cut off
                assert one.at == pytest.approx(expected.header.captured, abs=0.002)
    note(f"power cuts: {len(cuts)} in {len(log)} entries of the disk's log, in {time.monotonic() - began:.0f} s")
