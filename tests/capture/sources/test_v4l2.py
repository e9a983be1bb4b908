"""The V4L2 source hands over the newest frame, untouched and fresh, counts what is lost, and gives every buffer back.

Most cameras here take a frame only when told to; of those that run by themselves no test expects an exact timing.
"""

import itertools
import os
import time

import pytest

from capture.rate_control import RateControl
from framebus.publishing.picture import Picture
from tests.capture.conftest import COLOURS, jpeg_of
from tests.capture.reading import frame
from tests.capture.sources.v4l2_camera import NEVER_STALE, every_frame, opened, read_after_each
from tests.capture.v4l2.shim import (
    COMMENT_BYTES,
    ShimCamera,
    queued,
    taken_at,
    tick,
    ticking,
    without_comment,
)


def colours(pictures: list[Picture | None]) -> list[str | None]:
    names = {jpeg_of(colour): colour for colour in COLOURS}
    return [names[without_comment(picture.jpeg)] if picture else None for picture in pictures]


def without_tables(jpeg: bytes) -> bytes:
    """The Huffman tables left out, as many cameras do."""
    while (at := jpeg.find(b"\xff\xc4")) >= 0:
        jpeg = jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4]) :]
    return jpeg


@pytest.mark.parametrize(
    "jpeg",
    [jpeg_of("red"), without_tables(jpeg_of("red")), jpeg_of("red") + bytes(1000), jpeg_of("red")[:-40], b"\xff\xd8"],
    ids=["complete", "without-huffman-tables", "with-something-behind-it", "cut-off", "nothing-but-its-beginning"],
)
def test_the_cameras_bytes_are_handed_over_untouched(camera: ShimCamera, jpeg: bytes) -> None:
    for file in camera.pictures.iterdir():
        file.unlink()
    (camera.pictures / "0.jpg").write_bytes(jpeg)
    (picture,), _, in_driver = camera.run(read_after_each, [1])
    assert picture is not None
    stamp = b"\xff\xfe\x00\x17TS%019d" % int(taken_at(picture.jpeg) * 1e9 + 0.5)
    assert len(stamp) == 25
    assert picture.jpeg[:8] + picture.jpeg[27:] == jpeg[:2] + stamp[:6] + jpeg[2:]
    assert in_driver == 4


def test_the_times_are_the_drivers(camera: ShimCamera) -> None:
    (picture,), _, _ = camera.having(LATENCY=3).run(read_after_each, [1])
    assert picture is not None
    assert picture.monotonic == pytest.approx(taken_at(picture.jpeg), abs=2e-6)
    assert picture.captured - picture.monotonic == pytest.approx(time.time() - time.monotonic(), abs=0.5)
    assert picture.metadata == {}


def between() -> tuple[float, float, float]:
    source = opened()
    before = time.monotonic()
    tick()
    picture = frame(source, every_frame())
    after = time.monotonic()
    source.close()
    return before, picture.monotonic, after


@pytest.mark.parametrize("clock", ["unknown", "wall"])
def test_a_driver_with_another_clock_or_none(camera: ShimCamera, clock: str) -> None:
    before, monotonic, after = camera.having(CLOCK=clock).run(between)
    assert before <= monotonic <= after


def test_the_newest_wins(camera: ShimCamera) -> None:
    found, dropped, in_driver = camera.run(read_after_each, [1, 3, 0, 1])
    assert colours(found) == [COLOURS[0], COLOURS[3], None, COLOURS[4]]
    assert (dropped, in_driver) == (0, 4)


@pytest.mark.parametrize(
    ("pattern", "ticks", "handed_over", "lost"),
    [
        (".xx.", [1, 3], [0, 1], 2),
        (".e", [2], [0], 1),
        ("e.", [2], [1], 1),
        (".0", [2], [0], 1),
        ("eee0", [4], [None], 4),
        ("ex0.", [1, 1, 1, 1], [None, None, None, 2], 3),
    ],
    ids=["gap", "newest-bad", "oldest-bad", "empty", "all-bad", "one-of-each"],
)
def test_frames_that_the_driver_lost(
    camera: ShimCamera, pattern: str, ticks: list[int], handed_over: list[int | None], lost: int
) -> None:
    found, dropped, in_driver = camera.having(PATTERN=pattern).run(read_after_each, ticks)
    assert colours(found) == [None if index is None else COLOURS[index] for index in handed_over]
    assert (dropped, in_driver) == (lost, 4)


def test_frames_lost_because_we_were_slow(camera: ShimCamera) -> None:
    """One, then ten while it is not read: the driver has room for four of them."""
    found, dropped, in_driver = camera.run(read_after_each, [1, 10, 1])
    assert colours(found) == [COLOURS[0], COLOURS[4], COLOURS[5]]
    assert (dropped, in_driver) == (6, 4)


def test_a_driver_that_does_not_number_its_frames(camera: ShimCamera) -> None:
    _, dropped, _ = camera.having(UNNUMBERED=1).run(read_after_each, [1, 2, 1])
    assert dropped == 0


def idle_then_live() -> list[int]:
    source, rate_control = opened(), RateControl(NEVER_STALE / 10)
    dropped = []

    def read_until_none_is_due() -> None:
        while source.read(rate_control, 1):
            pass
        dropped.append(source.dropped)

    def read() -> None:
        assert source.read(rate_control, 1)
        dropped.append(source.dropped)

    tick()
    read_until_none_is_due()
    tick(10)
    rate_control.set(NEVER_STALE / 5)  # still idle, but at a new rate a frame is due at once
    read_until_none_is_due()
    tick(10)
    rate_control.set(1000)
    read()
    tick()
    read()
    os.environ["V4L2SHIM_PATTERN"] = "x"
    tick()
    os.environ["V4L2SHIM_PATTERN"] = "."
    tick()
    read()
    source.close()
    return dropped


def test_what_is_left_out_on_purpose_is_not_lost(camera: ShimCamera) -> None:
    assert camera.run(idle_then_live) == [0, 0, 0, 0, 1]


def test_half_a_jpeg_is_for_the_reader_to_judge(camera: ShimCamera) -> None:
    (picture,), dropped, in_driver = camera.having(PATTERN="s").run(read_after_each, [1])
    assert picture is not None
    assert without_comment(picture.jpeg) == jpeg_of(COLOURS[0])[: len(picture.jpeg) - COMMENT_BYTES]
    assert (dropped, in_driver) == (0, 4)


def reopened() -> list[int]:
    source, rate_control = opened(), every_frame()
    dropped = []
    for frames in (1, 3, 1):
        tick(frames)
        frame(source, rate_control)
        dropped.append(source.dropped)
    source.close()
    os.environ["V4L2SHIM_PATTERN"] = "xxx.x."
    source.open()
    tick(4)
    frame(source, rate_control)
    dropped.append(source.dropped)
    tick(2)
    frame(source, rate_control)
    dropped.append(source.dropped)
    source.close()
    return dropped


def test_the_count_goes_on_when_it_is_opened_again(camera: ShimCamera) -> None:
    """The frames that pass between close and open are no loss."""
    assert camera.having(PATTERN="..x..").run(reopened) == [0, 1, 1, 1, 2]


def after_a_pause(fps: float) -> tuple[float, float]:
    source = opened(fps)
    tick(4)
    time.sleep(0.3)
    began = time.monotonic()
    with ticking():
        picture = frame(source, every_frame())
    source.close()
    return began, taken_at(picture.jpeg)


@pytest.mark.parametrize("clock", ["monotonic", "unknown"])
def test_old_pictures_in_the_drivers_queue_are_not_handed_over(camera: ShimCamera, clock: str) -> None:
    began, taken = camera.having(CLOCK=clock).run(after_a_pause, 30)
    assert taken >= began


def nothing_but_old_pictures() -> tuple[Picture | None, int]:
    source = opened(30)
    tick(4)
    time.sleep(0.3)
    picture = source.read(every_frame(), 1)
    in_driver = queued()
    source.close()
    return picture, in_driver


def test_no_picture_is_better_than_an_old_one(camera: ShimCamera) -> None:
    assert camera.run(nothing_but_old_pictures) == (None, 4)


def at_one_a_second() -> tuple[list[float], int]:
    """How long before the call of `read` each picture was taken, and what was lost."""
    source, rate_control = opened(30), RateControl(1)
    ages: list[float] = []
    deadline = time.monotonic() + 15
    while len(ages) < 3 and time.monotonic() < deadline:
        called = time.monotonic()
        picture = source.read(rate_control, 1)
        if picture:
            ages.append(called - taken_at(picture.jpeg))
    source.close()
    return ages, source.dropped


def test_idle_pictures_are_fresh(camera: ShimCamera) -> None:
    """`read` waits for half a second, and old pictures would be from 0.8 s before it returns."""
    ages, dropped = camera.having(FPS=30).run(at_one_a_second)
    assert len(ages) == 3
    assert max(ages) < 0.25
    assert dropped == 0


def after_one_that_was_waited_for() -> Picture | None:
    source, rate_control = opened(1), every_frame()
    with ticking():
        frame(source, rate_control)
    tick()
    picture = source.read(rate_control, 1)
    source.close()
    return picture


def test_a_camera_whose_pictures_always_come_late(camera: ShimCamera) -> None:
    """Five seconds late, at one frame a second: nothing younger is to be had."""
    assert camera.having(LATENCY=5).run(after_one_that_was_waited_for) is not None


def for_two_seconds(fps: float) -> list[float]:
    source, rate_control = opened(30), RateControl(fps)
    taken = []
    end = time.monotonic() + 2
    while time.monotonic() < end:
        picture = source.read(rate_control, 1)
        if picture:
            taken.append(taken_at(picture.jpeg))
    source.close()
    return taken


def test_a_rate_like_the_cameras_leaves_nothing_out(camera: ShimCamera) -> None:
    taken = camera.having(FPS=30).run(for_two_seconds, 30)
    steps = [round((after - before) * 30) for before, after in itertools.pairwise(taken)]
    assert steps.count(1) > 0.5 * len(steps) > 15  # a busy machine loses some, a wrong rate every other one


def test_a_slower_rate_thins_out(camera: ShimCamera) -> None:
    assert 10 <= len(camera.having(FPS=30).run(for_two_seconds, 10)) <= 25


def stopped() -> Picture | None:
    source, rate_control = opened(), every_frame()
    rate_control.stop()
    tick()
    picture = source.read(rate_control, 1)
    source.close()
    return picture


def test_no_frame_is_taken_when_none_is_due(camera: ShimCamera) -> None:
    assert camera.run(stopped) is None
