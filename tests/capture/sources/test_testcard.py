import io
import time
from itertools import pairwise

import pytest
from PIL import Image, ImageChops

from capture.rate_control import RateControl
from capture.sources.testcard import BARS, ROUND_SECONDS, TestCardSource
from framebus.config.size import Size
from framebus.publishing.jpeg import Jpeg
from tests.capture.jpegs import opened

NOON = 1_750_000_000.0
SIZE = Size(640, 480)

NAME, CLOCK, NUMBER = (0.57, 0.67), (0.68, 0.83), (0.84, 0.92)
"""Where the lines of text are, in parts of the height."""
BARS_AND_BALL = (0.0, 0.55)


def drawn(
    camera: str = "front", seq: int = 1, clock: float = NOON, size: Size = SIZE, quality: int = 90
) -> Image.Image:
    """One frame, as a viewer sees it."""
    return opened(frame(camera, seq, clock, size, quality))


def frame(camera: str = "front", seq: int = 1, clock: float = NOON, size: Size = SIZE, quality: int = 90) -> bytes:
    """One frame."""
    source = TestCardSource(camera, size, quality, now=lambda: clock)
    source.open()
    picture = source.read(RateControl(30), seq)
    source.close()
    assert picture is not None
    return picture.jpeg


def changed(before: Image.Image, after: Image.Image, band: tuple[float, float]) -> tuple[int, int] | None:
    """From which column to which two frames differ within a band; None where they do not."""
    top, bottom = (int(part * before.height) for part in band)
    crop = (0, top, before.width, bottom)
    box = ImageChops.difference(before.crop(crop), after.crop(crop)).getbbox()
    return box and (box[0], box[2])


@pytest.mark.parametrize(
    "size",
    [Size(16, 16), Size(17, 31), Size(160, 120), Size(480, 640), Size(1920, 1080), Size(8192, 16), Size(16, 8192)],
)
def test_the_size_is_the_configured_one(size: Size) -> None:
    data = frame(size=size)
    assert opened(data).size == (size.width, size.height)
    parsed = Jpeg.parse(data)
    assert parsed.data is data
    assert (parsed.width, parsed.height) == (size.width, size.height)


def test_the_same_moment_is_the_same_picture() -> None:
    assert frame() == frame()


def test_frames_differ_even_while_the_clock_stands() -> None:
    one, two = drawn(seq=1), drawn(seq=2)
    assert changed(one, two, NUMBER)
    assert not changed(one, two, CLOCK)
    assert not changed(one, two, NAME)
    assert not changed(one, two, BARS_AND_BALL)


def test_the_clock_shows_milliseconds() -> None:
    assert changed(drawn(clock=NOON), drawn(clock=NOON + 0.001), CLOCK)
    assert not changed(drawn(clock=NOON), drawn(clock=NOON + 0.0001), CLOCK)


def test_the_date_is_drawn() -> None:
    days = ROUND_SECONDS * 21600  # so that clock and ball are where they were
    assert changed(drawn(clock=NOON), drawn(clock=NOON + days), NUMBER)
    assert not changed(drawn(clock=NOON), drawn(clock=NOON + days), BARS_AND_BALL)


def test_the_ball_rests_never_and_nowhere() -> None:
    seen = [drawn(clock=NOON + ROUND_SECONDS * part / 8) for part in range(5)]
    for before, after in pairwise(seen):
        assert changed(before, after, BARS_AND_BALL)
    first, last = changed(seen[0], seen[-1], BARS_AND_BALL) or (0, 0)
    assert first < 20
    assert last > SIZE.width - 20
    assert not changed(seen[0], drawn(clock=NOON + ROUND_SECONDS), BARS_AND_BALL)


def test_the_name_is_drawn() -> None:
    assert changed(drawn("front"), drawn("garden"), NAME)
    assert not changed(drawn("front"), drawn("garden"), CLOCK)


@pytest.mark.parametrize("size", [Size(320, 240), Size(480, 640), SIZE, Size(1280, 720)])
@pytest.mark.parametrize("name", ["m" * 32, "w" * 32, "back-garden_by-the-old-oak_no-001"[:32]])
def test_the_longest_name_fits(name: str, size: Size) -> None:
    first, last = changed(drawn(" ", size=size), drawn(name, size=size), NAME) or (0, 0)
    assert 0 < first < last < size.width


@pytest.mark.parametrize("size", [Size(320, 240), Size(480, 640), SIZE, Size(1280, 720)])
def test_the_largest_number_fits(size: Size) -> None:
    first, last = changed(drawn(seq=1, size=size), drawn(seq=10**10 - 1, size=size), NUMBER) or (0, 0)
    assert 0 < first < last < size.width


def test_the_bars_have_their_colours() -> None:
    card = drawn(clock=NOON)
    for number, colour in enumerate(BARS):
        found = card.getpixel((int((number + 0.5) * SIZE.width / len(BARS)), 20))
        wanted = tuple(bytes.fromhex(colour[1:]))
        assert isinstance(found, tuple)
        assert all(abs(one - other) < 8 for one, other in zip(found, wanted, strict=True))


def test_the_quality_is_the_configured_one() -> None:
    tables = [Image.open(io.BytesIO(frame(quality=quality))).quantization for quality in (10, 95)]  # type: ignore[attr-defined]
    assert tables[0][0][0] > tables[1][0][0]


def test_a_picture_knows_when_it_was_taken() -> None:
    source = TestCardSource("front", SIZE, 80, now=lambda: NOON)
    source.open()
    before = time.monotonic()
    picture = source.read(RateControl(30), 1)
    assert picture is not None
    assert picture.captured == NOON
    assert before <= picture.monotonic <= time.monotonic()
    assert picture.metadata == {}


@pytest.mark.slow
def test_none_comes_while_none_is_wanted() -> None:
    source = TestCardSource("front", SIZE, 80)
    source.open()
    rate_control = RateControl(0.01)
    assert source.read(rate_control, 1) is not None
    assert source.read(rate_control, 2) is None
    assert source.read(RateControl(0), 2) is None


def test_it_can_be_closed_and_opened_again_and_again() -> None:
    source = TestCardSource("front", SIZE, 80)
    source.close()
    for _ in range(3):
        source.open()
        assert source.read(RateControl(30), 1) is not None
        source.close()
        source.close()
    assert (source.name, source.dropped) == ("testcard", 0)
