"""Live video is decoded picture by picture for viewers, and by key frames without them."""

from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("av", reason="the extra av is not installed")

from capture.idle_decoding import Need
from capture.media.decoding import PixelLimit
from capture.media.frame_encoder import FrameEncoder
from capture.media.live_decoder import LiveDecoder
from capture.source import SourceError
from framebus.config.size import Size
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.clock import Clock

TICKS = 3600
"""Of 25 fps, in 1/90000 s."""
ENCODERS = {"h264": ("libx264", "clip.h264"), "hevc": ("libx265", "clip.hevc")}


@dataclass
class Demand:
    need: Need
    behind: bool = False


class Video:
    """Eight pictures, a key frame each four, in the order of COLOURS; on its clock no time passes."""

    def __init__(self, folder: Path, codec: str, seconds: float = 60) -> None:
        self.clock = Clock()
        encoder, name = ENCODERS[codec]
        self._units = clips.packets(clips.of_colours(folder / name, encoder, COLOURS * 2, size=(320, 240), gop=4))
        self._next = 0
        self._decoder = LiveDecoder(
            codec,
            "camera",
            FrameEncoder(Size(320, 240), 80),
            PixelLimit("camera", None),
            patience=seconds,
            keyframe_seconds=seconds,
            now=self.clock,
        )
        self.check = self._decoder.check

    def damage(self) -> None:
        """Put what cannot be decoded in place of the next picture."""
        self._units[self._next] = self._units[self._next][:5] + bytes(20)

    def shown(self, demand: Demand) -> list[str]:
        """The colours of what comes out when the next picture comes in."""
        number, self._next = self._next, self._next + 1
        arrivals = self._decoder.feed(self._units[number], number * TICKS, 1000.0 + number / 25, demand)
        return [colour(arrival.jpeg()) for arrival in arrivals]


@pytest.mark.parametrize("codec", ["h264", pytest.param("hevc", marks=pytest.mark.slow)])
def test_with_viewers_each_picture_comes_out_at_once(codec: str, tmp_path: Path) -> None:
    video = Video(tmp_path, codec)
    assert [video.shown(Demand("each")) for _ in range(8)] == [[name] for name in COLOURS * 2]


@pytest.mark.parametrize("codec", ["h264", pytest.param("hevc", marks=pytest.mark.slow)])
def test_without_viewers_the_key_frames_come_out(codec: str, tmp_path: Path) -> None:
    video, demand = Video(tmp_path, codec), Demand("one")
    assert [video.shown(demand) for _ in range(8)] == [["red"], [], [], [], ["red"], [], [], []]
    assert demand.behind


@pytest.mark.parametrize("codec", ["h264", pytest.param("hevc", marks=pytest.mark.slow)])
def test_a_viewer_that_comes_gets_the_newest_picture_alone(codec: str, tmp_path: Path) -> None:
    video, demand = Video(tmp_path, codec), Demand("none")
    assert [video.shown(demand) for _ in range(7)] == [["red"], *[[]] * 6]
    assert demand.behind
    demand.need = "each"
    assert video.shown(demand) == ["white"]
    assert not demand.behind


def test_the_newest_picture_has_the_time_of_its_own_arrival(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 2, size=(320, 240), gop=4)
    decoder = LiveDecoder(
        "h264",
        "camera",
        FrameEncoder(Size(320, 240), 80),
        PixelLimit("camera", None),
        patience=60,
        keyframe_seconds=60,
        now=Clock(),
    )
    demand = Demand("none")
    for number, unit in enumerate(clips.packets(clip)):
        demand.need = "each" if number == 7 else "none"
        arrivals = list(decoder.feed(unit, number * TICKS, 1000.0 + number / 25, demand))
    assert [arrival.monotonic for arrival in arrivals] == pytest.approx([1000.28])


def test_pictures_that_are_not_wanted_are_not_missed(tmp_path: Path) -> None:
    video, demand = Video(tmp_path, "h264", seconds=2), Demand("none")
    for _ in range(8):
        video.shown(demand)
        video.clock.seconds += 0.4
        video.check()


def test_pictures_that_are_decoded_in_vain_are_an_error(tmp_path: Path) -> None:
    video, demand = Video(tmp_path, "h264", seconds=2), Demand("each")
    assert video.shown(demand) == ["red"]
    video.clock.seconds += 60
    video.damage()
    assert video.shown(demand) == []
    video.clock.seconds += 2
    video.check()
    video.clock.seconds += 1
    with pytest.raises(SourceError, match="camera: sends video, but for 3 seconds no picture that can be decoded"):
        video.check()
