import logging
import threading

import pytest

from capture.control_queue import ControlRequest
from capture.retry_loop import FAILURES_BEFORE_ANOTHER_PROCESS
from capture.retry_schedule import RetrySchedule
from capture.source import Source, SourceError
from tests.capture.fake_source import ScriptedSource
from tests.capture.reading import CUT_OFF, FAILURES, FPS, PICTURE, BrokenSource, Reading, Start
from tests.processes import DEADLINE_SECONDS, wait_until


def test_a_camera_that_does_not_open_is_tried_again(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    absent, busy = SourceError("/dev/video0: absent"), SourceError("/dev/video0: busy")
    source = ScriptedSource(endless=PICTURE, opening=[absent, absent, busy, None])
    reading = read(source)
    reading.until(lambda: reading.reader.trouble == "/dev/video0: busy", "the trouble")
    assert reading.frame().seq == 1
    reading.until(lambda: not reading.reader.trouble, "the end of the trouble")
    assert source.calls == ["open", "close", "open", "close", "open", "close", "open"]
    assert caplog.messages == [
        "camera front: /dev/video0: absent; opening it again",
        "camera front: /dev/video0: busy; opening it again",
    ]


def test_the_pauses_between_attempts_grow_and_begin_with_the_shortest_after_a_picture(read: Start) -> None:
    failure = SourceError("gone")
    source = ScriptedSource(PICTURE, failure, endless=PICTURE, opening=[failure, failure, failure, failure, None])
    reading = read(source)
    reading.until(lambda: source.opened == 6, "the last attempt")
    assert reading.schedule.pauses == pytest.approx([0.25, 0.5, 1.0, 2.0, 0.25], abs=0.25)


def test_a_camera_that_goes_away_comes_back_and_the_numbers_go_on(read: Start) -> None:
    source = ScriptedSource(PICTURE, PICTURE, SourceError("unplugged"), PICTURE)
    reading = read(source)
    assert [reading.frame().seq for _ in range(3)] == [1, 2, 3]
    assert source.calls[:3] == ["open", "close", "open"]
    assert reading.reader.trouble == ""


def test_trouble_stays_until_a_complete_picture_came(read: Start) -> None:
    more = threading.Event()
    source = ScriptedSource(SourceError("unplugged"), CUT_OFF, lambda: more.wait(DEADLINE_SECONDS), PICTURE)
    reading = read(source)
    reading.until(lambda: reading.reader.bad == 1 and reading.reader.opened, "the camera opened again")
    assert reading.reader.trouble == "unplugged"
    more.set()
    reading.frame()
    assert reading.reader.trouble == ""


def test_a_source_that_cannot_be_made_is_made_again_later() -> None:
    made: list[Source] = []

    def make() -> Source:
        made.append(ScriptedSource(PICTURE))
        if len(made) < 3:
            raise SourceError("no such kind of camera here")
        return made[-1]

    reading = Reading(make)
    reading.until(lambda: reading.reader.trouble == "no such kind of camera here", "the trouble")
    assert not reading.reader._calls.under_way  # else a long pause would look like a call that hangs
    assert reading.frame().seq == 1
    assert len(made) == 3
    reading.reader.stop()


@pytest.mark.slow
def test_a_camera_that_stalls_again_and_again_is_left_to_another_process(read: Start) -> None:
    source = ScriptedSource(PICTURE)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: reading.reader.ended, "left")
    assert source.calls == ["open", "close"] * 3
    assert reading.reader.trouble == (
        "scripted: no complete picture for 0 s, 3 times in a row: the process exits and is restarted"
    )


@pytest.mark.slow
def test_a_picture_between_two_stalls_is_a_new_beginning(read: Start) -> None:
    class OnePictureEachTime(ScriptedSource):
        def open(self) -> None:
            super().open()
            self._script = iter([PICTURE])

    source = OnePictureEachTime()
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 4, "opened again, thrice")
    assert not reading.reader.ended


def test_a_camera_that_is_not_wanted_is_not_even_made() -> None:
    made: list[Source] = []

    def make() -> Source:
        made.append(ScriptedSource(PICTURE))
        return made[0]

    reading = Reading(make, fps=0)
    wait_until(lambda: len(reading.rate_control.pauses) > 2, "a reader that pauses")
    assert made == []
    reading.reader.stop()


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize(
    ("where", "doing"), [("open", "opening it"), ("read", "reading it"), ("name", "setting it up")]
)
def test_whatever_a_source_raises_becomes_a_reason_and_the_camera_is_tried_again(
    read: Start, where: str, doing: str, failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    source = BrokenSource(where, failure)
    reading = read(source)
    reading.until(lambda: len(reading.schedule.pauses) >= 4, "several attempts")
    name = "camera front" if where == "name" else "broken"
    assert reading.reader.trouble.startswith(f"{name}: {doing} failed unexpectedly: {type(failure).__name__}")
    assert reading.schedule.pauses[:4] == pytest.approx([0.25, 0.5, 1.0, 2.0], abs=0.25)
    assert sum("Traceback" in message for message in caplog.messages) == 1
    assert not reading.reader.ended
    source.mended = True
    assert reading.frame().seq == 1
    reading.until(lambda: not reading.reader.trouble, "the end of the trouble")


def test_failures_without_an_end_are_left_to_another_process(read: Start) -> None:
    source = BrokenSource("open", OSError(24, "Too many open files"))
    reading = read(source)
    reading.until(lambda: reading.reader.ended, "left")
    assert source.opened == FAILURES_BEFORE_ANOTHER_PROCESS
    assert reading.reader.trouble == (
        "broken: opening it failed unexpectedly: OSError: [Errno 24] Too many open files, "
        f"{FAILURES_BEFORE_ANOTHER_PROCESS} times in a row: the process exits and is restarted"
    )


def test_a_camera_that_never_gave_a_picture_is_not_left_to_another_process_at_once(read: Start) -> None:
    source = ScriptedSource()
    reading = read(source, stall_timeout=0.01)
    reading.until(lambda: source.opened > 3, "a fourth attempt")
    assert not reading.reader.ended


def test_a_hiccup_is_not_offline_and_a_failure_that_lasts_is(read: Start) -> None:
    failure = SourceError("unplugged")
    again = threading.Event()
    source = ScriptedSource(
        PICTURE, failure, lambda: again.wait(DEADLINE_SECONDS), PICTURE, failure, opening=[None, None]
    )
    reading = read(source, offline_grace=DEADLINE_SECONDS)
    reading.frame()
    reading.until(lambda: reading.reader.trouble, "the trouble")
    assert not reading.reader.offline
    again.set()
    reading.frame()
    lasting = read(ScriptedSource(PICTURE, opening=[None, *[failure] * 100]), offline_grace=0.05, stall_timeout=0.05)
    lasting.until(lambda: lasting.reader.offline, "offline")


def test_a_silent_camera_is_offline_without_a_grace(read: Start) -> None:
    reading = read(ScriptedSource(PICTURE), stall_timeout=0.05, offline_grace=DEADLINE_SECONDS)
    reading.until(lambda: reading.reader.offline, "offline")


def test_a_request_for_a_still_does_not_cut_the_pause_short(read: Start) -> None:
    source = ScriptedSource(opening=[SourceError("absent")] * 1000)
    reading = read(source, retry_schedule=RetrySchedule(pauses_seconds=[DEADLINE_SECONDS]))
    reading.until(lambda: reading.reader.trouble, "the trouble")
    for _ in range(20):
        reading.reader.want_full()
        reading.reader.ask(ControlRequest([b"me"], b"{}"))
        reading.until(reading.reader.answers, "a refusal")
    assert source.opened == 1


@pytest.mark.slow
def test_a_viewer_who_comes_does_not_wait_for_the_end_of_a_long_pause(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE, opening=[SourceError("absent")])
    reading = read(source, fps=1, retry_schedule=RetrySchedule(pauses_seconds=[10 * DEADLINE_SECONDS]))
    reading.until(lambda: reading.reader.trouble, "the trouble")
    reading.rate_control.set(FPS)
    assert reading.frame().seq == 1


def test_a_device_that_appears_is_opened_without_waiting_for_the_end_of_a_long_pause(read: Start) -> None:
    class PluggedInLater(ScriptedSource):
        def changed(self) -> bool:
            return plugged.is_set()

    plugged = threading.Event()
    source = PluggedInLater(endless=PICTURE, opening=[SourceError("absent")])
    reading = read(source, retry_schedule=RetrySchedule(pauses_seconds=[10 * DEADLINE_SECONDS]))
    reading.until(lambda: reading.reader.trouble, "the trouble")
    plugged.set()
    assert reading.frame().seq == 1


def test_after_a_device_has_appeared_the_pauses_are_short_again(read: Start) -> None:
    """It may not be ready at once: several attempts follow each other soon."""

    class PluggedInLater(ScriptedSource):
        def changed(self) -> bool:
            return self.opened == 6

    failure = SourceError("absent")
    source = PluggedInLater(endless=PICTURE, opening=[failure] * 8)
    reading = read(source)
    reading.frame()
    assert reading.schedule.pauses == pytest.approx([0.25, 0.5, 1, 2, 4, 8, 0.25, 0.5], abs=0.25)
