"""Files over PyAV: JPEGs untouched, other video made JPEG, at their own speed, and failures in one sentence.

The files are made by PyAV. No test depends on how long anything takes: a picture may be skipped on a busy machine, but
it comes round again.
"""

import contextlib
import io
import os
import shutil
import sys
import time
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from tests.capture import jpegs
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.watching import ANY_SIZE, draining, failure, opened, pictures
from tests.processes import DEADLINE_SECONDS

PICTURES = [jpegs.jpeg(clips.SIZE, quality=quality) for quality in range(30, 80, 10)]


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["avi", "mkv", "mov", "mjpeg", "mjpg"])
def mjpeg_clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """PICTURES in each kind of file that holds Motion JPEG."""
    file = tmp_path / f"clip.{request.param}"
    if request.param.startswith("mj"):
        file.write_bytes(b"".join(PICTURES))
        return file
    return clips.of_jpegs(file, PICTURES, fps=25)


@pytest.mark.slow
def test_jpegs_in_a_file_come_through_untouched_and_begin_again(mjpeg_clip: Path) -> None:
    laps, last, seen = 0, -1, set()
    with opened(mjpeg_clip) as source:
        assert source.name == str(mjpeg_clip)
        for found in pictures(source):
            number = PICTURES.index(found.jpeg)
            laps += number <= last
            last = number
            seen.add(number)
            if laps >= 3 and len(seen) == len(PICTURES):
                break
        assert source.damaged == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "codec"),
    [
        ("clip.mp4", "libx264"),
        ("clip.avi", "mpeg4"),
        ("clip.webm", "libvpx-vp9"),
        ("clip.h264", "libx264"),
        ("clip.ts", "libx264"),
    ],
)
def test_other_video_becomes_jpeg(file: str, codec: str, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / file, codec, COLOURS, fps=10)
    seen = set()
    with opened(clip) as source:
        for found in pictures(source):
            assert jpegs.opened(found.jpeg).size == clips.SIZE
            seen.add(colour(found.jpeg))
            if seen == set(COLOURS):
                break
        assert source.damaged == 0


@pytest.mark.parametrize(
    ("clip_size", "limit", "made"),
    [
        ((640, 480), Size(320, 320), (320, 240)),
        ((480, 640), Size(320, 320), (240, 320)),
        ((64, 48), Size(320, 320), (64, 48)),
    ],
)
def test_decoded_video_is_made_as_small_as_was_asked_for_and_never_larger(
    clip_size: tuple[int, int], limit: Size, made: tuple[int, int], tmp_path: Path
) -> None:
    clip = clips.of_colours(tmp_path / "clip.mp4", "mpeg4", COLOURS, size=clip_size)
    with opened(clip, size=limit) as source:
        assert jpegs.opened(next(pictures(source)).jpeg).size == made


def test_decoded_video_has_the_quality_that_was_asked_for(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.mp4", "mpeg4", COLOURS[:1])
    for quality in (20, 95):
        expected = io.BytesIO()
        Image.new("RGB", (16, 16)).save(expected, "JPEG", quality=quality)
        with opened(clip, quality=quality) as source:
            made = jpegs.opened(next(pictures(source)).jpeg)
        assert made.quantization == jpegs.opened(expected.getvalue()).quantization  # type: ignore[attr-defined]


def test_a_file_is_played_at_its_own_speed(tmp_path: Path) -> None:
    fps = 50
    clip = clips.of_jpegs(tmp_path / "clip.avi", PICTURES, fps)
    with opened(clip) as source:
        found = list(islice(pictures(source), 2 * len(PICTURES)))
    periods = [(after.monotonic - before.monotonic) * fps for before, after in pairwise(found)]
    # Never faster; slower only where this machine could not follow.
    assert min(periods) > 0.999
    assert all(abs(captured.captured - time.time()) < DEADLINE_SECONDS for captured in found)


@pytest.mark.slow
def test_a_slow_pace_thins_a_file_out(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.avi", PICTURES, 100)
    with opened(clip) as source:
        found = list(islice(pictures(source, RateControl(4)), 4))
    # Pace itself counts from when a picture was due, so that one may be early by what the one before was late.
    assert found[-1].monotonic - found[0].monotonic > 2 / 4


@pytest.mark.parametrize("container", ["clip.avi", "clip.mov"])
def test_a_recording_stands_still_without_viewers(container: str, tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / container, PICTURES, 100)
    with opened(clip, fps=30, options=MediaOptions(idle_fps=20)) as source:
        found = [PICTURES.index(one.jpeg) for one in islice(pictures(source, RateControl(20)), len(PICTURES))]
        assert found == list(range(len(PICTURES)))  # at its own speed it would skip four of five


@pytest.mark.parametrize(
    ("file", "codec"),
    [("clip.mp4", "libx264"), ("clip.avi", "mpeg4"), ("clip.webm", "libvpx-vp9"), ("clip.ts", "libx264")],
)
def test_a_video_with_too_many_pixels_is_refused(file: str, codec: str, tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / file, codec, COLOURS, size=(640, 480))
    assert failure(clip, options=MediaOptions(max_megapixels=0.3)) == (
        f"{clip}: 640x480 are 0.3 megapixels, allowed: at most 0.3 (max_megapixels of this camera)"
    )


def test_a_video_that_becomes_too_large_is_refused(tmp_path: Path) -> None:
    small = clips.of_colours(tmp_path / "small.ts", "libx264", COLOURS, size=(320, 240)).read_bytes()
    large = clips.of_colours(tmp_path / "large.ts", "libx264", COLOURS, size=(640, 480)).read_bytes()
    both = tmp_path / "both.ts"
    both.write_bytes(small + large)
    assert failure(both, options=MediaOptions(max_megapixels=0.2)) == (
        f"{both}: 640x480 are 0.3 megapixels, allowed: at most 0.2 (max_megapixels of this camera)"
    )


def test_damaged_jpegs_in_a_file_are_counted_and_left_out(tmp_path: Path) -> None:
    broken = [PICTURES[0], PICTURES[1][:-200], b"\0" * 50, PICTURES[3]]
    clip = clips.of_jpegs(tmp_path / "clip.avi", broken, fps=50)
    seen = set()
    with opened(clip) as source:
        for found in pictures(source):
            seen.add(PICTURES.index(found.jpeg))
            if len(seen) == 2 and source.damaged >= 4:
                break
        assert seen == {0, 3}
        before = source.damaged
        source.close()
        source.open()
        assert next(pictures(source)).jpeg in PICTURES
        assert source.damaged >= before


def test_frames_that_cannot_be_decoded_are_counted_and_left_out(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "clip.webm", "libvpx-vp9", COLOURS, fps=50)
    second = clips.packets(clip)[1]
    clip.write_bytes(clip.read_bytes().replace(second, bytes(len(second))))
    seen = set()
    with opened(clip) as source:
        for found in pictures(source):
            seen.add(colour(found.jpeg))
            if source.damaged >= 2 and len(seen) >= 3:
                break
    assert COLOURS[1] not in seen


def test_a_single_picture_is_a_camera_that_does_not_move(tmp_path: Path) -> None:
    file = tmp_path / "still.jpg"
    file.write_bytes(PICTURES[0])
    with opened(file) as source:
        found = pictures(source)
        assert [next(found).jpeg for _ in range(3)] == PICTURES[:1] * 3


def test_a_file_url_is_a_file(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "my clip.avi", PICTURES)
    with opened(f"file://{str(clip).replace(' ', '%20')}") as source:
        assert next(pictures(source)).jpeg in PICTURES


def test_metadata_in_another_encoding_is_no_matter(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.mkv", PICTURES)
    data = clip.read_bytes()
    name = data.index(b"Lavf")
    clip.write_bytes(data[:name] + b"\xe4\xf6\xfc\xdf" + data[name + 4 :])
    with opened(clip) as source:
        assert next(pictures(source)).jpeg in PICTURES


def test_opened_and_closed_again_and_again_it_leaves_nothing_behind(tmp_path: Path) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    clip = clips.of_colours(tmp_path / "clip.mp4", "libx264", COLOURS)
    source = MediaSource(str(clip), ANY_SIZE, 30, 80)
    source.close()
    before = descriptors()
    for _ in range(20):
        source.open()
        next(pictures(source))
        source.close()
        source.close()
        assert draining() == []
    assert descriptors() == before


# --- files that are none ----------------------------------------------------------------------------------------------


def test_no_such_file(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    assert failure(clip) == f"{clip}: there is no such file; check `source`"
    assert failure(f"{clip}\0") == f"{clip}\0: there is no such file; check `source`"


def test_a_file_that_vanishes_while_it_is_played(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.avi", PICTURES)
    with opened(clip) as source:
        clip.unlink()
        with pytest.raises(SourceError) as said:
            for _ in pictures(source):
                pass
    assert str(said.value) == f"{clip}: there is no such file; check `source`"


def test_a_folder(tmp_path: Path) -> None:
    assert failure(tmp_path) == f"{tmp_path}: a folder, no file; name a video in `source`"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mjpg"
    os.mkfifo(pipe)
    assert failure(pipe) == f"{pipe}: a device or a pipe, no file; name a video in `source`"


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """As a user to whom permissions apply: root is nobody for the while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.avi", PICTURES)
    clip.chmod(0)
    for folder in list(clip.parents)[:3]:  # pytest's own folders are for their owner alone
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o755)
    with without_privileges():
        said = failure(clip)
    assert said == f"{clip}: no permission to read it; allow it to the user that runs framebus"


@pytest.mark.parametrize("name", ["notes.txt", "notes.mp4", "notes.avi", "notes.jpg"])
def test_a_text(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text("Dear diary,\n" * 100)
    said = failure(file)
    if name.endswith("jpg"):
        assert said == f"{file}: holds no complete picture; name another in `source`"
    else:
        assert said == f"{file}: no video that FFmpeg understands; name another in `source`"


def test_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "clip.mkv"
    file.touch()
    assert failure(file) == f"{file}: no video that FFmpeg understands; name another in `source`"


@pytest.mark.parametrize("length", [10, 400, len(PICTURES[0]) - 20])
def test_a_picture_that_was_cut_off(length: int, tmp_path: Path) -> None:
    file = tmp_path / "still.jpg"
    file.write_bytes(PICTURES[0][:length])
    assert failure(file) == f"{file}: holds no complete picture; name another in `source`"


def test_sound_alone(tmp_path: Path) -> None:
    file = clips.of_silence(tmp_path / "sound.wav")
    assert failure(file) == f"{file}: holds audio, but no video; name another in `source`"


def test_video_of_a_kind_that_ffmpeg_does_not_know(tmp_path: Path) -> None:
    clip = clips.of_jpegs(tmp_path / "clip.mkv", PICTURES)
    clip.write_bytes(clip.read_bytes().replace(b"V_MJPEG", b"V_XYZZY"))
    assert failure(clip) == f"{clip}: FFmpeg cannot decode the kind of video in it; name another in `source`"


def test_without_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.delitem(sys.modules, "capture.media.av_stream", raising=False)
    clip = tmp_path / "clip.mp4"
    clip.touch()
    for target in (clip, "rtsp://cam/"):
        assert failure(target) == (
            f"{target}: needs PyAV, which is not installed; run: {sys.executable} -m pip install av"
        )


def test_ffmpeg_writes_nothing_to_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = clips.of_colours(tmp_path / "clip.h264", "libx264", COLOURS * 5, size=(320, 240))
    data = broken.read_bytes()
    broken.write_bytes(data[: len(data) // 3] + data[len(data) // 2 :])
    capfd.readouterr()
    with opened(broken) as source:
        next(pictures(source))
    shutil.copy(__file__, tmp_path / "text.mp4")
    failure(tmp_path / "text.mp4")
    assert capfd.readouterr() == ("", "")
