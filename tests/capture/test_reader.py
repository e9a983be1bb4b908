import threading
import time

import pytest

from capture.rate_control import RateControl
from capture.reader import Reader
from capture.source import Source, SourceStuck
from tests.capture.fake_source import Lost, ScriptedSource
from tests.capture.reading import CUT_OFF, NO_CONTROLS, PICTURE, Reading, Start
from tests.processes import DEADLINE_SECONDS, wait_until


def test_what_the_source_itself_threw_away_counts_as_bad(read: Start) -> None:
    reading = read(PICTURE, Lost(0, PICTURE, damaged=2), CUT_OFF, Lost(0, PICTURE, damaged=1))
    assert [reading.frame().seq for _ in range(3)] == [1, 2, 3]
    assert (reading.reader.bad, reading.reader.dropped) == (4, 0)


def test_before_the_first_source_nothing_is_lost() -> None:
    reader = Reader("front", ScriptedSource, RateControl(), NO_CONTROLS, lambda frame: None, epoch="e1")
    assert (reader.dropped, reader.bad, reader.opened, reader.trouble, reader.source_name) == (0, 0, False, "", "")
    reader.stop()


def test_the_end_closes_the_camera_and_ends_the_thread(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source)
    reading.frame()
    reading.reader.stop()
    assert source.calls == ["open", "close"]
    assert not any(thread.name == "read-front" for thread in threading.enumerate())


def test_the_end_does_not_wait_until_the_frame_is_taken(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source)
    wait_until(lambda: len(source.numbers) >= 2, "a frame that waits behind another")
    reading.reader.stop()
    assert source.calls == ["open", "close"]
    assert caplog.messages == []


@pytest.mark.slow
@pytest.mark.parametrize("where", ["made", "read"])
def test_a_camera_that_hangs_does_not_hold_up_the_end(where: str, caplog: pytest.LogCaptureFixture) -> None:
    hangs, release = threading.Event(), threading.Event()

    def hang() -> None:
        hangs.set()
        release.wait(DEADLINE_SECONDS)

    def make() -> Source:
        if where == "made":
            hang()
        return ScriptedSource(hang)

    reading = Reading(make, close_timeout=0.2)
    assert hangs.wait(DEADLINE_SECONDS)
    started = time.monotonic()
    reading.reader.stop()
    took = time.monotonic() - started
    release.set()
    assert 0.2 <= took < DEADLINE_SECONDS / 2
    name = "camera front" if where == "made" else "scripted"
    assert caplog.messages == [f"{name}: closing the camera takes too long; the end of the process closes it"]
    wait_until(lambda: not any(thread.name == "read-front" for thread in threading.enumerate()), "the thread's end")


def test_the_limit_for_a_call_that_hangs_follows_from_the_source_and_the_stall_timeout(read: Start) -> None:
    slow = ScriptedSource(endless=PICTURE)
    slow.call_limit_seconds = 30.0
    reading = read(slow)
    reading.frame()
    assert reading.reader.hang_limit_seconds > 30
    patient = read(ScriptedSource(endless=PICTURE), stall_timeout=60)
    patient.frame()
    assert patient.reader.hang_limit_seconds > 120


def test_a_camera_that_only_a_new_process_can_use_ends_the_reader(caplog: pytest.LogCaptureFixture) -> None:
    source = ScriptedSource(PICTURE, SourceStuck("scripted: closing it hangs"))
    reading = Reading(lambda: source)
    reading.frame()
    reading.until(lambda: reading.reader.ended, "the end")
    assert reading.reader.trouble == "scripted: closing it hangs"
    assert caplog.messages == ["camera front offline: scripted: closing it hangs"]
    assert reading.reader.offline
    assert source.calls == ["open", "close"]
    reading.reader.stop()
