"""The encoder: sizes, orientations, times, and pictures that cannot be decoded."""

import io
from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageChops

from framebus.protocol.wire import FrameHeader
from framebus.recordings.folder import RecordedFrame
from framebus.recordings.timeline import Segment
from tests.framebus.recordings.segments import STARTED, header

av = pytest.importorskip("av")
from gateway.export.film_encoder import FilmEncoder  # noqa: E402

SEGMENT = Segment(path=Path("x.mkv"), start=STARTED, begin=STARTED, end=STARTED + 60, bytes=1, made=STARTED)


def frame(at: float, size: tuple[int, int] = (64, 32), orientation: int = 1, **options: int) -> RecordedFrame:
    file = io.BytesIO()
    Image.effect_noise(size, 30).convert("RGB").save(file, "JPEG", **options)
    head: FrameHeader = msgspec.structs.replace(header(0), width=size[0], height=size[1], orientation=orientation)
    return RecordedFrame(head, file.getvalue(), STARTED + at, SEGMENT)


def pictures(path: Path, frames: list[RecordedFrame], zone: tzinfo) -> list[Image.Image]:
    """The pictures of a film with the time drawn into them, as a player shows them."""
    encoder = FilmEncoder(path, zone)
    for each in frames:
        encoder.add(each)
    encoder.close()
    with av.open(str(path)) as opened:
        return [each.to_image() for each in opened.decode(video=0)]


def film(path: Path, frames: list[RecordedFrame]) -> tuple[list[float], tuple[int, int]]:
    """The times of the frames, and their size."""
    encoder = FilmEncoder(path)
    for each in frames:
        encoder.add(each)
    encoder.close()
    with av.open(str(path)) as opened:
        found = list(opened.decode(video=0))
    return [round(float(each.pts * each.time_base), 3) for each in found], (found[0].width, found[0].height)


def test_each_frame_keeps_its_time_and_long_pauses_are_short(tmp_path: Path) -> None:
    at = [0.0, 0.1, 0.35, 3.0, 60.0, 60.0, 60.1]
    times, _ = film(tmp_path / "x.mp4", [frame(each) for each in at])
    assert times == [0, 0.1, 0.35, 3.0, 4.0, 4.001, 4.101]


@pytest.mark.parametrize(
    ("size", "orientation", "shown"),
    [((65, 33), 1, (64, 32)), ((64, 32), 6, (32, 64)), ((64, 32), 3, (64, 32)), ((2000, 40), 1, (1920, 38))],
)
def test_the_size_is_one_that_players_take(
    tmp_path: Path, size: tuple[int, int], orientation: int, shown: tuple[int, int]
) -> None:
    _, found = film(tmp_path / "x.mp4", [frame(0.0, size, orientation)])
    assert found == shown


def test_frames_of_other_sizes_and_colours_fit_in(tmp_path: Path) -> None:
    frames = [frame(0.0), frame(0.1, (128, 64)), frame(0.2, subsampling=0), frame(0.3, subsampling=1)]
    times, found = film(tmp_path / "x.mp4", frames)
    assert (len(times), found) == (4, (64, 32))


def test_what_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    damaged = msgspec.structs.replace(header(0), width=64, height=32)
    enormous = msgspec.structs.replace(header(0), width=60_000, height=60_000)
    frames = [
        frame(0.0),
        RecordedFrame(damaged, b"\xff\xd8\xff\xd9", STARTED + 0.1, SEGMENT),
        RecordedFrame(enormous, frame(0.2).jpeg, STARTED + 0.2, SEGMENT),
        frame(0.3),
    ]
    times, _ = film(tmp_path / "x.mp4", frames)
    assert times == [0, 0.3]


def test_the_time_of_each_picture_is_drawn_in_the_zone_that_is_wanted(tmp_path: Path) -> None:
    frames = [frame(at, (640, 480)) for at in (0.0, 0.5, 40_260.0)]
    utc, same_second, later = drawn_times(pictures(tmp_path / "x.mp4", frames, UTC))
    *_, west = drawn_times(pictures(tmp_path / "y.mp4", frames, timezone(-timedelta(seconds=40_260))))
    for each in (utc, same_second, later, west):
        levels = each.histogram()
        assert sum(levels[190:]) > 100, "white letters"
        assert sum(levels[:60]) > each.width * each.height / 2, "a dark ground"
    assert differing(utc, later) > 60, "00:00 and 11:11"
    assert differing(utc, same_second) < 20
    assert differing(utc, west) < 20, "at that offset, it is the same time of day"


def drawn_times(found: list[Image.Image]) -> list[Image.Image]:
    """The lower left of each picture."""
    return [each.convert("L").crop((8, 450, 180, 472)) for each in found]


def differing(one: Image.Image, other: Image.Image) -> int:
    """In how many pixels two pictures are clearly different."""
    return sum(ImageChops.difference(one, other).histogram()[100:])


@pytest.mark.parametrize("size", [(16, 16), (34, 18), (1280, 20), (20, 1280), (2000, 1000)])
def test_the_time_fits_into_any_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    assert len(pictures(tmp_path / "x.mp4", [frame(0.0, size), frame(0.1, size)], UTC)) == 2
