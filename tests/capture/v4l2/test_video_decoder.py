"""Access units of H.264 and H.265 become JPEGs, from a key frame on, and after a loss again from the next."""

from pathlib import Path

import pytest

pytest.importorskip("av", reason="the extra av is not installed")

from capture.v4l2.video_decoder import VideoDecoder
from tests.capture import jpegs
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.clock import Clock

ENCODERS = {"H264": ("libx264", "clip.h264"), "HEVC": ("libx265", "clip.hevc")}


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Eight access units of H.264, a key frame each four."""
    return made(tmp_path_factory.mktemp("clip"), "H264", COLOURS * 2, gop=4)


def made(folder: Path, fourcc: str, colours: list[str], gop: int = 1) -> list[bytes]:
    codec, name = ENCODERS[fourcc]
    return clips.packets(clips.of_colours(folder / name, codec, colours, size=(320, 240), gop=gop))


@pytest.mark.parametrize("fourcc", ["H264", pytest.param("HEVC", marks=pytest.mark.slow)])
def test_a_picture_is_there_with_its_own_access_unit(fourcc: str, tmp_path: Path) -> None:
    decoder = VideoDecoder(fourcc, 80)
    for number, unit in enumerate(made(tmp_path, fourcc, COLOURS)):
        decoder.feed(unit, float(number))
        picture = decoder.take()
        assert picture is not None
        assert (colour(picture[0]), picture[1]) == (COLOURS[number], float(number))
        assert jpegs.opened(picture[0]).size == (320, 240)
    assert decoder.lost == 0


def test_of_several_the_newest_is_taken_and_only_once(units: list[bytes]) -> None:
    decoder = VideoDecoder("H264", 80)
    assert decoder.take() is None
    for number, unit in enumerate(units[:4]):
        decoder.feed(unit, float(number))
    picture = decoder.take()
    assert picture is not None
    assert (colour(picture[0]), picture[1]) == (COLOURS[3], 3.0)
    assert decoder.take() is None


def test_nothing_is_shown_ahead_of_a_key_frame(units: list[bytes]) -> None:
    decoder = VideoDecoder("H264", 80)
    for unit in units[1:4]:
        decoder.feed(unit, 0.0)
        assert decoder.needs_key_frame
        assert decoder.take() is None
    decoder.feed(units[4], 4.0)
    assert not decoder.needs_key_frame
    picture = decoder.take()
    assert picture is not None
    assert colour(picture[0]) == COLOURS[0]


def test_after_a_reset_it_waits_for_the_next_key_frame(units: list[bytes]) -> None:
    decoder = VideoDecoder("H264", 80)
    decoder.feed(units[0], 0.0)
    decoder.reset()
    assert decoder.needs_key_frame
    assert decoder.take() is None
    decoder.feed(units[2], 2.0)
    assert decoder.take() is None
    decoder.feed(units[4], 4.0)
    assert decoder.take() is not None


@pytest.mark.parametrize("damaged", [b"\0\0\0\1\x65", b"no video", b"\0\0\0\1" + b"\xff" * 50])
def test_an_access_unit_that_cannot_be_decoded_is_counted_and_the_next_key_frame_shown(
    damaged: bytes, units: list[bytes]
) -> None:
    decoder = VideoDecoder("H264", 80)
    decoder.feed(units[0], 0.0)
    decoder.feed(damaged, 1.0)
    assert decoder.lost == 1
    assert decoder.needs_key_frame
    assert decoder.take() is None
    decoder.feed(units[4], 4.0)
    assert decoder.take() is not None


def test_quality_counts(units: list[bytes]) -> None:
    sizes = []
    for quality in (5, 95):
        decoder = VideoDecoder("H264", quality)
        decoder.feed(units[0], 0.0)
        picture = decoder.take()
        assert picture is not None
        sizes.append(jpegs.opened(picture[0]).quantization[0][0])  # type: ignore[attr-defined]
    assert sizes[0] > sizes[1]


def test_a_code_of_another_format_is_refused() -> None:
    with pytest.raises(KeyError):
        VideoDecoder("MJPG", 80)


def test_without_viewers_only_key_frames_are_decoded(units: list[bytes]) -> None:
    decoder = VideoDecoder("H264", 80, now=Clock())
    taken = []
    for number, unit in enumerate(units):
        decoder.feed(unit, float(number), "one")
        picture = decoder.take("one")
        taken.append(None if picture is None else (colour(picture[0]), picture[1]))
    assert taken == [("red", 0.0), None, None, None, ("red", 4.0), None, None, None]


def test_the_first_viewer_gets_the_newest_picture_and_no_older_one(units: list[bytes]) -> None:
    decoder = VideoDecoder("H264", 80, now=Clock())
    decoder.feed(units[0], 0.0, "one")
    for number in (1, 2):
        decoder.feed(units[number], float(number), "none")
    assert decoder.take("each") is None
    decoder.feed(units[3], 3.0, "each")
    picture = decoder.take("each")
    assert picture is not None
    assert (colour(picture[0]), picture[1]) == (COLOURS[3], 3.0)


def test_a_picture_that_was_not_wanted_in_time_is_not_given_later(units: list[bytes]) -> None:
    decoder = VideoDecoder("H264", 80, now=Clock())
    for number in range(3):
        decoder.feed(units[number], float(number), "none")
    assert decoder.take("one") is None
    decoder.feed(units[4], 4.0, "one")
    picture = decoder.take("one")
    assert picture is not None
    assert picture[1] == 4.0
