"""Picture files as cameras: read when they change, and never shown as new when they are not written any more."""

import os
import time
from pathlib import Path

import pytest

from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from tests.capture import jpegs
from tests.capture.media.watching import draining, every_frame, failure, opened, pictures
from tests.processes import wait_until

PICTURES = [jpegs.jpeg((64, 48), quality=quality) for quality in (30, 50, 70)]


@pytest.mark.slow
def test_a_file_that_is_overwritten_is_shown_as_often(tmp_path: Path) -> None:
    file = tmp_path / "cam.jpg"
    file.write_bytes(PICTURES[0])
    with opened(file) as source:
        assert next(pictures(source)).jpeg == PICTURES[0]
        for number in (1, 2):
            written = time.time()
            file.write_bytes(PICTURES[number])
            found = next(one for one in pictures(source) if one.jpeg == PICTURES[number])
            assert written - 0.1 <= found.captured <= time.time()
        assert source.read(every_frame(), 1) is None


def test_one_that_is_half_written_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "cam.jpg"
    file.write_bytes(PICTURES[0])
    with opened(file) as source:
        next(pictures(source))
        file.write_bytes(PICTURES[1][:400])
        file.write_bytes(PICTURES[1])
        assert next(one for one in pictures(source) if one.jpeg != PICTURES[0]).jpeg == PICTURES[1]


def test_one_that_is_written_no_more_does_not_open_again(tmp_path: Path) -> None:
    file = tmp_path / "cam.jpg"
    file.write_bytes(PICTURES[0])
    source = MediaSource(str(file), Size(64, 48), 30, 80)
    source.open()
    next(pictures(source))
    file.write_bytes(PICTURES[1])
    assert next(one for one in pictures(source) if one.jpeg != PICTURES[0]).jpeg == PICTURES[1]
    source.close()
    with pytest.raises(SourceError, match=r"was written last \d+ seconds ago; check the program that writes it$"):
        source.open()
    source.close()
    file.write_bytes(PICTURES[2])
    source.open()
    assert next(pictures(source)).jpeg == PICTURES[2]
    source.close()
    wait_until(lambda: not draining(), "the thread to end")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "GIF", "TIFF"])
def test_a_picture_of_another_kind_becomes_a_jpeg_once(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"picture.{kind.lower()}"
    jpegs.opened(jpegs.jpeg((80, 60))).save(file, kind)
    with opened(file) as source:
        found = [next(pictures(source)).jpeg for _ in range(3)]
    assert jpegs.opened(found[0]).size == (80, 60)
    assert found[0] is found[1] is found[2]


def test_nothing_is_read_while_no_picture_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    file.write_bytes(PICTURES[0])
    with opened(file) as source:
        next(pictures(source))
        status = os.stat(file)
        file.write_bytes(b"no picture")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert source.read(RateControl(0), 1) is None


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    file = tmp_path / "large.png"
    jpegs.opened(jpegs.jpeg((64, 48))).resize((1200, 1000)).save(file)
    source = MediaSource(str(file), Size(64, 48), 30, 80, options=MediaOptions(max_megapixels=1))
    with pytest.raises(SourceError) as said:
        source.open()
    assert str(said.value) == (
        f"{file}: 1200x1000 are 1.2 megapixels, allowed: at most 1 (max_megapixels of this camera)"
    )
    source.close()


def test_a_file_that_is_no_picture(tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"hello")
    assert failure(file) == f"{file}: holds no complete picture; name another in `source`"
