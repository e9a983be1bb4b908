"""A power cut after each single operation on the disk: what was written is there, and nothing else is."""

from pathlib import Path

import msgspec
import pytest

from framebus.recordings.event_file import StoredEvent
from framebus.recordings.event_folder import EventFolder
from framebus.recordings.folder import RecordingFolder
from recorder.disk import Disk
from recorder.disk_writer import Batch, DiskWriter
from recorder.event_log import EventLog
from recorder.incoming_frame import IncomingFrame
from tests.framebus.golden.make import EVENT
from tests.framebus.recordings.segments import STARTED
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


@pytest.mark.medium
@pytest.mark.parametrize("left", ["nothing", "half", "zeros", "all"])
def test_whenever_the_power_is_cut_the_events_that_were_written_are_there(
    left: Left, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    written: dict[int, list[StoredEvent]] = {0: []}
    with monkeypatch.context() as patched:
        log = DiskLog(recordings, patched)
        for day in range(2):
            for id, seconds in (("a", 1.0), ("b", 2.0)):
                captured = STARTED + 86_400 * day + seconds
                event_log = EventLog(Disk(recordings, 0))
                event_log.note(
                    msgspec.structs.replace(EVENT, id=f"{id}-{day}", phase="end", captured=captured, seconds=seconds)
                )
                event_log.close(DEADLINE_SECONDS)
                written[log.operations] = EventFolder(recordings).events("front", 0, float("inf"))
    every = written[max(written)]
    assert len(every) == 4

    for cut in range(log.operations + 1):
        restored = tmp_path / f"cut{cut}"
        log.restore(cut, left, restored)
        safe = written[max(operation for operation in written if operation <= cut)]
        found = EventFolder(restored).events("front", 0, float("inf"))
        assert safe == [event for event in found if event in safe], f"after {cut} operations"
        assert all(event in every for event in found), f"after {cut} operations"
