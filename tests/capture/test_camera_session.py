import threading
import time
from pathlib import Path

import pytest

from capture.control_queue import ControlRequest
from capture.control_service import ControlService
from capture.source import SourceError
from framebus.client.controls import parse_reply
from framebus.protocol.controls import ControlError
from tests.capture.fake_source import ScriptedSource
from tests.capture.reading import CUT_OFF, CUT_OFF_REASON, FAILURES, FPS, PICTURE, BrokenSource, Start
from tests.processes import DEADLINE_SECONDS, wait_until


def test_a_silent_camera_is_opened_again(read: Start) -> None:
    source = ScriptedSource(PICTURE)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 3, "opened again, twice")
    assert reading.reader.trouble == "scripted: no complete picture for 0 s"


def test_a_camera_with_nothing_but_bad_pictures_is_opened_again_too(read: Start) -> None:
    source = ScriptedSource(PICTURE, endless=CUT_OFF)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 2, "opened again")
    assert reading.reader.trouble == f"scripted: no complete picture for 0 s; the last one was {CUT_OFF_REASON}"


@pytest.mark.slow
def test_an_idle_camera_has_its_period_to_be_silent(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source, fps=0.5, stall_timeout=1.0)
    assert [reading.frame().seq for _ in range(2)] == [1, 2]
    assert source.calls == ["open"]


@pytest.mark.slow
def test_an_idle_period_does_not_count_as_silence_for_a_new_viewer(read: Start) -> None:
    """A source may answer a change of the rate with None: that alone must not have the camera opened again."""
    source = ScriptedSource(PICTURE, None, None, PICTURE)
    reading = read(source, fps=0.1, stall_timeout=1.0)
    reading.frame()
    time.sleep(1.5)  # longer than a watched camera may be silent
    reading.rate_control.set(FPS)
    assert reading.frame().seq == 2
    assert source.calls == ["open"]


def test_at_rate_0_the_camera_is_closed_and_opened_again_when_it_is_wanted(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source, fps=0)
    wait_until(lambda: reading.rate_control.pauses, "a reader that pauses")
    assert source.calls == []
    reading.rate_control.set(FPS)
    reading.frame()
    assert source.calls == ["open"]
    reading.rate_control.set(0)
    reading.until(lambda: not reading.reader.opened, "closed")
    assert source.calls == ["open", "close"]
    reading.rate_control.set(FPS)
    reading.until(lambda: source.opened == 2, "opened again")
    assert reading.reader.trouble == ""


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_source_that_cannot_be_closed_is_used_again(
    read: Start, failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    source = BrokenSource("close", failure)
    reading = read(source)
    reading.frame()
    reading.rate_control.set(0)
    reading.until(lambda: "closing it failed unexpectedly" in reading.reader.trouble, "the reason")
    reading.rate_control.set(FPS)
    assert reading.frame().seq > 1


def test_the_first_failure_is_the_reason_where_closing_fails_as_well(read: Start) -> None:
    source = BrokenSource("close", ZeroDivisionError("a bug"))
    source._opening = iter([SourceError("unplugged")] * 3)
    reading = read(source)
    reading.until(lambda: reading.reader.trouble, "the reason")
    assert reading.reader.trouble == "unplugged"
    assert reading.frame().seq == 1


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_still_that_fails_costs_the_viewers_nothing(read: Start, failure: BaseException) -> None:
    source = BrokenSource("still", failure)
    reading = read(source)
    reading.frame()
    reading.reader.want_full()
    seq = reading.frame().seq
    assert [reading.frame().seq for _ in range(5)] == list(range(seq + 1, seq + 6))
    assert source.calls == ["open"]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_controls_that_fail_are_refused_and_cost_the_viewers_nothing(
    read: Start, failure: BaseException, tmp_path: Path
) -> None:
    source = BrokenSource("controls", failure)
    reading = read(source, control_service=ControlService("front", {"gain": 2}, tmp_path / "front.controls.json"))
    reading.frame()
    reading.reader.ask(ControlRequest([b"me"], b"{}"))
    answers: list[ControlRequest] = []

    def answered() -> bool:
        answers.extend(reading.reader.answers())
        return bool(answers)

    reading.until(answered, "the reply")
    with pytest.raises(ControlError, match="its controls failed unexpectedly"):
        parse_reply(answers[0].message)
    assert reading.frame().seq > 1
    assert source.calls == ["open"]


class WaitingSource(ScriptedSource):
    """Says that it waits for a key frame until its first picture."""

    waiting_limit_seconds = DEADLINE_SECONDS

    @property
    def waiting(self) -> str:
        return "" if self.numbers else "waiting for a key frame"


def test_a_source_that_waits_for_a_key_frame_is_not_opened_again(read: Start) -> None:
    released = threading.Event()
    source = WaitingSource(*[None] * 5, lambda: released.wait(DEADLINE_SECONDS), PICTURE)
    reading = read(source, stall_timeout=0.01, fps=50)
    reading.until(lambda: reading.reader.waiting == "waiting for a key frame", "the reason")
    released.set()
    assert reading.frame().seq == 1
    assert source.calls == ["open"]
    assert reading.reader.waiting == ""


def test_a_source_that_waits_too_long_is_opened_again(read: Start) -> None:
    source = WaitingSource()
    source.waiting_limit_seconds = 0.1
    reading = read(source, stall_timeout=0.01)
    reading.until(lambda: source.opened >= 2, "opened again")
    assert reading.reader.trouble == "scripted: no complete picture for 0 s; waiting for a key frame"
