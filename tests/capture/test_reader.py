import json
import logging
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from capture.control_service import ControlService
from capture.rate_control import RateControl
from capture.reader import CLOSE_SECONDS, MAX_JPEG_BYTES, RETRY_SECONDS, Published, Reader
from capture.source import Source, SourceError, SourceStuck
from framebus.client.frame_filter import FrameFilter
from framebus.protocol.frame import Frame
from tests.capture.fake_source import Lost, ScriptedSource, Step, With
from tests.capture.jpegs import APP1, DHT, ORIENTATION, after_soi, exif, jpeg, opened, segments, without
from tests.processes import DEADLINE_SECONDS, wait_until

FPS = 200
NO_CONTROLS = ControlService("front", {}, Path("/nowhere/front.controls.json"))
PICTURE = jpeg((32, 24))
CUT_OFF = PICTURE[:-20]
CUT_OFF_REASON = f"cut off after {len(CUT_OFF)} bytes: no end of image"


class RecordingPace(RateControl):
    """Notes the pauses that are asked for, and makes them short."""

    def __init__(self, fps: float) -> None:
        super().__init__(fps)
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        super().pause(min(seconds, 0.01))


class Reading:
    """A reader at work, and its frames as a subscriber gets them."""

    def __init__(
        self,
        make: Callable[[], Source],
        fps: float = FPS,
        control_service: ControlService = NO_CONTROLS,
        **options: Any,
    ) -> None:
        self.rate_control = RecordingPace(fps)
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


def test_what_is_no_whole_picture_is_counted_and_never_handed_over(
    read: Start, caplog: pytest.LogCaptureFixture
) -> None:
    last = jpeg((48, 48))
    reading = read(CUT_OFF, b"", PICTURE, b"garbage", CUT_OFF, last)
    assert [(frame.seq, frame.jpeg) for frame in (reading.frame(), reading.frame())] == [(1, PICTURE), (2, last)]
    assert reading.reader.bad == 4
    assert caplog.messages[0] == f"1 pictures thrown away that are no whole JPEG (1 in all): {CUT_OFF_REASON}"


def test_losses_are_said_once_a_second_and_not_for_each_picture(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    reading = read(*[b"bad"] * 100, PICTURE)
    reading.frame()

    def all_said() -> bool:
        reading.reader.flush_losses()
        return caplog.messages[-1].endswith("(100 in all): 3 bytes that begin with 6261, expected ffd8")

    wait_until(all_said, "the rest of the losses in the log")
    assert reading.reader.bad == 100
    assert len(caplog.messages) < 20


def test_a_picture_that_no_message_can_hold_is_thrown_away(read: Start, caplog: pytest.LogCaptureFixture) -> None:
    reading = read(PICTURE.ljust(MAX_JPEG_BYTES + 1, b"\0"), PICTURE.ljust(MAX_JPEG_BYTES, b"\0"))
    assert reading.frame().jpeg == PICTURE
    assert reading.reader.bad == 1
    assert caplog.messages == [
        "1 pictures thrown away that are no whole JPEG (1 in all): "
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
        "camera front offline: /dev/video0: absent",
        "camera front offline: /dev/video0: busy",
        "camera front is back",
    ]


def test_the_pauses_between_attempts_grow_and_begin_anew_after_a_picture(read: Start) -> None:
    failure = SourceError("gone")
    source = ScriptedSource(PICTURE, failure, endless=PICTURE, opening=[failure, failure, failure, failure, None])
    reading = read(source)
    reading.until(lambda: source.opened == 6, "the last attempt")
    assert reading.rate_control.pauses == pytest.approx([*RETRY_SECONDS, RETRY_SECONDS[-1], RETRY_SECONDS[0]], abs=0.1)


def test_a_camera_that_goes_away_comes_back_and_the_numbers_go_on(read: Start) -> None:
    source = ScriptedSource(PICTURE, PICTURE, SourceError("unplugged"), PICTURE)
    reading = read(source)
    assert [reading.frame().seq for _ in range(3)] == [1, 2, 3]
    assert source.calls[:3] == ["open", "close", "open"]
    assert reading.reader.trouble == ""


def test_trouble_stays_until_a_whole_picture_came(read: Start) -> None:
    more = threading.Event()
    source = ScriptedSource(SourceError("unplugged"), CUT_OFF, lambda: more.wait(DEADLINE_SECONDS), PICTURE)
    reading = read(source)
    reading.until(lambda: reading.reader.bad == 1 and reading.reader.opened, "the camera opened anew")
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
    assert reading.frame().seq == 1
    assert len(made) == 3
    reading.reader.stop()


def test_a_silent_camera_is_opened_anew(read: Start) -> None:
    source = ScriptedSource(PICTURE)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 3, "opened anew, twice")
    assert reading.reader.trouble == "scripted: no whole picture for 0 s"


def test_a_camera_with_nothing_but_bad_pictures_is_opened_anew_too(read: Start) -> None:
    source = ScriptedSource(PICTURE, endless=CUT_OFF)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 2, "opened anew")
    assert reading.reader.trouble == f"scripted: no whole picture for 0 s; the last one was {CUT_OFF_REASON}"


def test_a_camera_that_stalls_again_and_again_is_left_to_another_process(read: Start) -> None:
    source = ScriptedSource(PICTURE)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: reading.reader.ended, "left")
    assert source.calls == ["open", "close"] * 3
    assert reading.reader.trouble == (
        "scripted: no whole picture for 0 s; 3 times in a row, so another process shall try"
    )


def test_a_picture_between_two_stalls_is_a_new_beginning(read: Start) -> None:
    source = ScriptedSource(*[PICTURE, *[None] * 40] * 4)
    reading = read(source, stall_timeout=0.1)
    reading.until(lambda: source.opened >= 4, "opened anew, thrice")
    assert not reading.reader.ended


def test_an_idle_camera_has_its_period_to_be_silent(read: Start) -> None:
    source = ScriptedSource(endless=PICTURE)
    reading = read(source, fps=0.5, stall_timeout=1.0)
    assert [reading.frame().seq for _ in range(2)] == [1, 2]
    assert source.calls == ["open"]


def test_an_idle_period_is_no_silence_once_somebody_watches(read: Start) -> None:
    """A source may answer a change of the pace with None: that alone must not have the camera opened anew."""
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


def test_a_camera_that_nobody_wants_is_not_even_made() -> None:
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
    assert caplog.messages == [f"{name}: the camera does not let go; leaving it to the end of the process"]
    wait_until(lambda: not any(thread.name == "read-front" for thread in threading.enumerate()), "the thread's end")


def test_a_failure_that_nobody_foresaw_ends_the_reader_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda failure: seen.append(failure.exc_value))
    source = ScriptedSource(PICTURE, ZeroDivisionError("a bug"))
    reading = Reading(lambda: source)
    reading.frame()
    reading.until(lambda: reading.reader.ended, "the end")
    wait_until(lambda: seen, "the failure")
    assert str(seen[0]) == "a bug"
    assert source.calls == ["open", "close"]
    reading.reader.stop()


def test_a_camera_that_only_a_new_process_can_use_ends_the_reader(caplog: pytest.LogCaptureFixture) -> None:
    source = ScriptedSource(PICTURE, SourceStuck("scripted: closing it hangs"))
    reading = Reading(lambda: source)
    reading.frame()
    reading.until(lambda: reading.reader.ended, "the end")
    assert reading.reader.trouble == "scripted: closing it hangs"
    assert caplog.messages == ["camera front offline: scripted: closing it hangs"]
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
    assert reading.reader.trouble == "scripted: no whole picture for 0 s; waiting for a key frame"
