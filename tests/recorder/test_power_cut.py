"""A power cut after each single operation on the disk: what was written is there, and nothing else is."""

from pathlib import Path

import pytest

from framebus.recordings.folder import RecordingFolder
from recorder.disk import Disk
from recorder.disk_writer import Batch, DiskWriter
from recorder.incoming_frame import IncomingFrame
from tests.processes import DEADLINE_SECONDS, wait_until
from tests.recorder.disk_log import DiskLog, Left
from tests.recorder.frames import frames

BUFFER_BYTES = 10_000_000
DAY_MS = 86_400_000
TIMES = (
    (0, 300, 600),
    (1000, 1400),
    (2000, 2500),
    (60_000, 60_500),  # another segment: the first one ends, and gets its last name
    (61_000, 61_500),
    (DAY_MS, DAY_MS + 500),  # another day, and so another folder
    (DAY_MS + 1000,),
)


@pytest.mark.medium
@pytest.mark.parametrize("left", ["nothing", "half", "zeros", "all"])
def test_whenever_the_power_is_cut_what_was_written_is_there(
    left: Left, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    written: dict[int, list[IncomingFrame]] = {0: []}
    with monkeypatch.context() as patched:
        log = DiskLog(recordings, patched)
        writer = DiskWriter(Disk(recordings, 0), BUFFER_BYTES)
        for times in TIMES:
            done = [*written[max(written)], *frames(*times)]
            writer.put(Batch("front", frames(*times), "always", 3.0, "boot"))
            wait_until(lambda: writer.counts["front"].frames == len(done), "it is written")  # noqa: B023
            written[log.operations] = done
        writer.close(DEADLINE_SECONDS)
        written[log.operations] = done
    every = written[max(written)]
    assert len(every) == sum(map(len, TIMES))

    for cut in range(log.operations + 1):
        restored = tmp_path / f"cut{cut}"
        log.restore(cut, left, restored)
        safe = written[max(operation for operation in written if operation <= cut)]
        found = list(RecordingFolder(restored).frames("front", 0))
        assert len(safe) <= len(found) <= len(every), f"after {cut} operations"
        for number, (expected, one) in enumerate(zip(every, found, strict=False)):
            assert one.jpeg == expected.jpeg, f"after {cut} operations"
            if number < len(safe):
                assert one.header == expected.header, f"after {cut} operations"
            else:  # its picture is there, and its header may be cut off
                assert one.at == pytest.approx(expected.header.captured, abs=0.002)
