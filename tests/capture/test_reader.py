import json
import logging
import select
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capture.control_queue import ControlRequest
from capture.control_service import ControlService
from capture.frame_builder import MAX_JPEG_BYTES, Published
from capture.rate_control import RateControl
from capture.reader import CLOSE_SECONDS, FAILURES_BEFORE_ANOTHER_PROCESS, Reader
from capture.retry_schedule import RetrySchedule
from capture.source import Picture, Source, SourceError, SourceStuck
from framebus.client.controls import parse_reply
from framebus.client.frame_filter import FrameFilter
from framebus.protocol.controls import Control, ControlError
from framebus.protocol.frame import Frame
from tests.capture.fake_source import Lost, ScriptedSource, Step, With
from tests.capture.jpegs import APP1, DHT, ORIENTATION, after_soi, exif, jpeg, opened, segments, without
from tests.processes import DEADLINE_SECONDS, wait_until

FPS = 200
NO_CONTROLS = ControlService("front", {}, Path("/nowhere/front.controls.json"))
PICTURE = jpeg((32, 24))
CUT_OFF = PICTURE[:-20]
CUT_OFF_REASON = f"cut off after {len(CUT_OFF)} bytes: no end of image"


class RecordingRateControl(RateControl):
    """Notes the pauses that are asked for, and makes them short."""

    def __init__(self, fps: float) -> None:
        super().__init__(fps)
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        super().pause(min(seconds, 0.01))


class RecordingSchedule(RetrySchedule):
    """Notes the pauses between attempts, and makes them short."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def fail(self) -> float:
        self.pauses.append(super().fail())
        return min(self.pauses[-1], 0.01)


class Reading:
    """A reader at work, and its frames as a subscriber gets them."""

    def __init__(
        self,
        make: Callable[[], Source],
        fps: float = FPS,
        control_service: ControlService = NO_CONTROLS,
        **options: Any,
    ) -> None:
        self.rate_control = RecordingRateControl(fps)
        self.schedule = RecordingSchedule()
        options.setdefault("retry_schedule", self.schedule)
        self.reader = Reader("front", make, self.rate_control, control_service, epoch="e1", **options)
        self._frame_filter = FrameFilter()
        self.reader.start()

    def take(self) -> Published | None:
        """What the server takes when the reader has told it to."""
        readable, _, _ = select.select([self.reader], [], [], DEADLINE_SECONDS)
        assert readable, f"no news of the reader; its trouble: {self.reader.trouble!r}"
        return self.reader.take()

    def frame(self) -> Frame:
        """The next frame."""
        while (published := self.take()) is None:
            pass
        frame = self._frame_filter.accept(published.message)
        assert frame is not None
        assert frame.header == published.header
        return frame

    def until(self, true: Callable[[], object], what: str) -> None:
        """Let the reader go on until something holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not true():
            assert time.monotonic() < deadline, what
            if select.select([self.reader], [], [], 0.02)[0]:
                self.reader.take()


Start = Callable[..., Reading]


@pytest.fixture
def read() -> Iterator[Start]:
    """Start a reader on a source, or on a script; the end of the test stops it."""
    started: list[Reading] = []

    def start(
        *source: Source | Step,
        fps: float = FPS,
        orientation: int = 1,
        control_service: ControlService = NO_CONTROLS,
        **options: float,
    ) -> Reading:
        played = source[0] if isinstance(source[0], Source) else ScriptedSource(*source)  # type: ignore[arg-type]
        played.orientation = orientation
        started.append(Reading(lambda: played, fps, control_service, **options))
        return started[-1]

    yield start
    for reading in started:
        reading.reader.stop()


def test_frames_are_numbered_and_none_is_skipped(read: Start) -> None:
    pictures = [jpeg((16 + number, 16)) for number in range(40)]
    reading = read(*pictures)
    for number, picture in enumerate(pictures, 1):
        if number % 7 == 0:
            time.sleep(0.02)  # one that takes its time misses nothing
        frame = reading.frame()
        assert (frame.seq, frame.missed, frame.jpeg) == (number, 0, picture)
        assert (frame.width, frame.height) == (15 + number, 16)


def test_a_header_says_what_is_known(read: Start) -> None:
    before, before_monotonic = time.time(), time.monotonic()
    header = read(PICTURE).frame().header
    assert (header.v, header.camera, header.epoch, header.source) == (1, "front", "e1", "scripted")
    assert (header.width, header.height, header.orientation, header.dropped) == (32, 24, 1, 0)
    assert before - 1e-6 <= header.captured <= time.time()
    assert before_monotonic - 1e-6 <= header.monotonic <= header.published <= time.monotonic() + 1e-6
    assert header.captured == round(header.captured, 6)


def test_what_the_camera_says_goes_along(read: Start) -> None:
    reading = read(With({"ExposureTime": 9987, "Lux": 40.5}, PICTURE), PICTURE)
    assert reading.frame().metadata == {"ExposureTime": 9987, "Lux": 40.5}
    published = None
    while published is None:
        published = reading.take()
    assert "camera_metadata" not in json.loads(published.message.split(b"\n")[1])


def test_a_source_is_told_the_number_that_its_picture_will_bear(read: Start) -> None:
    source = ScriptedSource(PICTURE, CUT_OFF, PICTURE, b"", None, PICTURE)
    reading = read(source)
    assert [reading.frame().seq for _ in range(3)] == [1, 2, 3]
    assert source.numbers == [1, 2, 2, 3, 3]


def test_an_incomplete_picture_is_counted_and_never_handed_over(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    last = jpeg((48, 48))
    reading = read(CUT_OFF, b"", PICTURE, b"garbage", CUT_OFF, last)
    assert [(frame.seq, frame.jpeg) for frame in (reading.frame(), reading.frame())] == [(1, PICTURE), (2, last)]
    assert reading.reader.bad == 4
    assert caplog.messages[0] == f"1 pictures thrown away that are incomplete JPEGs (1 in all): {CUT_OFF_REASON}"


@pytest.mark.slow
def test_losses_are_said_once_a_second_and_not_for_each_picture(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    reading = read(*[b"bad"] * 100, PICTURE)
    reading.frame()

    def all_said() -> bool:
        reading.reader.flush_logs()
        return caplog.messages[-1].endswith("(100 in all): 3 bytes that begin with 6261, expected ffd8")

    wait_until(all_said, "the rest of the losses in the log")
    assert reading.reader.bad == 100
    assert len(caplog.messages) < 20


def test_a_picture_that_no_message_can_hold_is_thrown_away(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    reading = read(PICTURE.ljust(MAX_JPEG_BYTES + 1, b"\0"), PICTURE.ljust(MAX_JPEG_BYTES, b"\0"))
    assert reading.frame().jpeg == PICTURE
    assert reading.reader.bad == 1
    assert caplog.messages == [
        "1 pictures thrown away that are incomplete JPEGs (1 in all): "
        f"{MAX_JPEG_BYTES + 1} bytes, allowed: at most {MAX_JPEG_BYTES}"
    ]


def test_a_picture_larger_than_allowed_is_thrown_away(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    small = PICTURE.ljust(2000, b"\0")
    reading = read(PICTURE.ljust(2001, b"\0"), small, max_jpeg_bytes=2000)
    assert reading.frame().jpeg == PICTURE
    assert caplog.messages[0].endswith(": 2001 bytes, allowed: at most 2000")


def test_frames_that_the_camera_lost_are_told(read: Start) -> None:
    reading = read(PICTURE, Lost(3, PICTURE), PICTURE, Lost(1, CUT_OFF), Lost(1, PICTURE))
    assert [reading.frame().header.dropped for _ in range(4)] == [0, 3, 3, 5]
    assert reading.reader.dropped == 5


def test_what_the_source_itself_threw_away_counts_as_bad(read: Start) -> None:
    reading = read(PICTURE, Lost(0, PICTURE, damaged=2), CUT_OFF, Lost(0, PICTURE, damaged=1))
    assert [reading.frame().seq for _ in range(3)] == [1, 2, 3]
    assert (reading.reader.bad, reading.reader.dropped) == (4, 0)


def test_before_the_first_source_nothing_is_lost() -> None:
    reader = Reader("front", ScriptedSource, RateControl(), NO_CONTROLS, epoch="e1")
    assert (reader.dropped, reader.bad, reader.opened, reader.trouble, reader.source_name) == (0, 0, False, "", "")
    reader.stop()


def test_an_orientation_is_written_into_the_picture(read: Start) -> None:
    frame = read(PICTURE, orientation=6).frame()
    assert frame.orientation == 6
    assert opened(frame.jpeg).getexif()[ORIENTATION] == 6


def test_an_orientation_outdoes_the_cameras(read: Start) -> None:
    frame = read(after_soi(PICTURE, exif(3)), orientation=6).frame()
    assert frame.orientation == 6
    assert opened(frame.jpeg).getexif()[ORIENTATION] == 6


def test_without_an_orientation_the_cameras_own_stands(read: Start) -> None:
    picture = after_soi(PICTURE, exif(3))
    frame = read(picture).frame()
    assert (frame.orientation, frame.jpeg) == (3, picture)


def test_huffman_tables_are_put_in(read: Start) -> None:
    bare = without(PICTURE, DHT)
    frame = read(bare, orientation=8).frame()
    markers = [part.marker for part in segments(frame.jpeg)]
    assert (markers.count(DHT), markers[0]) == (1, APP1)
    assert opened(frame.jpeg).tobytes() == opened(PICTURE).tobytes()


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
    assert reading.reader._in_camera_since is None  # else a long pause would look like a call that hangs
    assert reading.frame().seq == 1
    assert len(made) == 3
    reading.reader.stop()


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
def test_a_camera_that_stalls_again_and_again_is_left_to_another_process(read: Start) -> None:
    source = ScriptedSource(PICTURE)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: reading.reader.ended, "left")
    assert source.calls == ["open", "close"] * 3
    assert reading.reader.trouble == (
        "scripted: no complete picture for 0 s, 3 times in a row: the process ends, to be started again"
    )


@pytest.mark.slow
def test_a_picture_between_two_stalls_is_a_new_beginning(read: Start) -> None:
    source = ScriptedSource(*[PICTURE, *[None] * 40] * 4)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 4, "opened again, thrice")
    assert not reading.reader.ended


@pytest.mark.slow
def test_an_idle_camera_has_its_period_to_be_silent(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source, fps=0.5, stall_timeout=1.0)
    assert [reading.frame().seq for _ in range(2)] == [1, 2]
    assert source.calls == ["open"]


@pytest.mark.slow
def test_an_idle_period_is_no_silence_once_somebody_watches(read: Start) -> None:
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


def test_a_camera_that_is_not_wanted_is_not_even_made() -> None:
    made: list[Source] = []

    def make() -> Source:
        made.append(ScriptedSource(PICTURE))
        return made[0]

    reading = Reading(make, fps=0)
    wait_until(lambda: len(reading.rate_control.pauses) > 2, "a reader that pauses")
    assert made == []
    reading.reader.stop()


def test_the_end_closes_the_camera_and_ends_the_thread(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source)
    reading.frame()
    reading.reader.stop()
    assert source.calls == ["open", "close"]
    assert not any(thread.name == "read-front" for thread in threading.enumerate())


def test_the_end_does_not_wait_for_somebody_to_take_the_frame(read: Start, caplog: pytest.LogCaptureFixture) -> None:
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

    reading = Reading(make)
    assert hangs.wait(DEADLINE_SECONDS)
    started = time.monotonic()
    reading.reader.stop()
    took = time.monotonic() - started
    release.set()
    assert CLOSE_SECONDS <= took < DEADLINE_SECONDS / 2
    name = "camera front" if where == "made" else "scripted"
    assert caplog.messages == [f"{name}: closing the camera takes too long; the end of the process closes it"]
    wait_until(lambda: not any(thread.name == "read-front" for thread in threading.enumerate()), "the thread's end")


FAILURES: list[BaseException] = [
    ZeroDivisionError("a bug"),
    ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or bad record mac"),
    struct.error("unpack requires a buffer of 4 bytes"),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    KeyError("width"),
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "ordinal not in range"),
    AssertionError(),
    OSError(24, "Too many open files"),
    SystemExit(3),
    KeyboardInterrupt(),
]


class BrokenSource(ScriptedSource):
    """Raises something where it is told to, and gives pictures otherwise."""

    has_stills = True

    def __init__(self, where: str, failure: BaseException) -> None:
        super().__init__(endless=PICTURE)
        self.mended = False
        self._where = where
        self._failure = failure

    @property
    def name(self) -> str:
        self._maybe("name")
        return "broken"

    def open(self) -> None:
        super().open()
        self._maybe("open")

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        self._maybe("read")
        return super().read(rate_control, seq)

    def close(self) -> None:
        super().close()
        self._maybe("close")

    def still(self, seq: int) -> Picture | None:
        self._maybe("still")
        return self._play(PICTURE, seq)

    def controls(self) -> list[Control]:
        self._maybe("controls")
        return []

    def changed(self) -> bool:
        raise self._failure

    def _maybe(self, where: str) -> None:
        if where == self._where and not self.mended:
            raise self._failure


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


def test_a_picture_that_cannot_be_handled_costs_itself_alone(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    """Metadata that is no JSON, of a library that is newer than this code."""
    source = ScriptedSource(PICTURE, *[With({"Sensor": object()}, PICTURE)] * 5, PICTURE)
    reading = read(source)
    assert [reading.frame().seq for _ in range(2)] == [1, 2]
    assert source.calls == ["open"]
    assert reading.reader.bad == 5
    assert sum("Traceback" in message for message in caplog.messages) == 1


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


def test_failures_without_an_end_are_left_to_another_process(read: Start) -> None:
    source = BrokenSource("open", OSError(24, "Too many open files"))
    reading = read(source)
    reading.until(lambda: reading.reader.ended, "left")
    assert source.opened == FAILURES_BEFORE_ANOTHER_PROCESS
    assert reading.reader.trouble == (
        "broken: opening it failed unexpectedly: OSError: [Errno 24] Too many open files, "
        f"{FAILURES_BEFORE_ANOTHER_PROCESS} times in a row: the process ends, to be started again"
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
