"""Opening a segment by names that may come from a URL: nothing outside of the folder, and nothing but a segment."""

import os
from pathlib import Path

import pytest

from framebus.recordings.stored_file import open_segment
from tests.framebus.recordings.segments import STARTED, store

DAY, FILE = "2026-01-01", "00-00-00.123Z_1.000s.mkv"


def test_a_segment_is_opened(tmp_path: Path) -> None:
    path = store(tmp_path, STARTED, [0, 1000])
    assert path.relative_to(tmp_path) == Path("front", DAY, FILE)
    descriptor = open_segment(tmp_path, "front", DAY, FILE)
    try:
        assert os.pread(descriptor, 10_000_000, 0) == path.read_bytes()
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("camera", "day", "file"),
    [
        ("..", DAY, FILE),
        ("front/..", DAY, FILE),
        ("front", "..", FILE),
        ("front", "../back/2026-01-01", FILE),
        ("front", DAY, f"../{DAY}/{FILE}"),
        ("front", DAY, "../../secret.mkv"),
        ("front", DAY, f"{FILE}\0"),
        ("front", DAY, f"{FILE}\n"),
        ("front", DAY, ".."),
        ("front", DAY, ""),
        ("front", DAY, "notes.mkv"),
        ("front", "2026-01-02", FILE),
        ("back", DAY, FILE),
    ],
)
def test_no_other_name_opens_anything(camera: str, day: str, file: str, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    store(folder, STARTED, [0, 1000]).with_name("notes.mkv").write_bytes(b"private")
    (tmp_path / "secret.mkv").write_bytes(b"private")
    with pytest.raises(FileNotFoundError):
        open_segment(folder, camera, day, file)


@pytest.mark.parametrize("linked", ["file", "day", "camera"])
def test_no_link_below_the_folder_is_followed(linked: str, tmp_path: Path) -> None:
    elsewhere = store(tmp_path / "elsewhere", STARTED, [0, 1000])
    folder = tmp_path / "recordings"
    within = {
        "file": folder / "front" / DAY / FILE,
        "day": folder / "front" / DAY,
        "camera": folder / "front",
    }[linked]
    within.parent.mkdir(parents=True)
    target = {"file": elsewhere, "day": elsewhere.parent, "camera": elsewhere.parent.parent}[linked]
    within.symlink_to(target)
    assert (folder / "front" / DAY / FILE).read_bytes() == elsewhere.read_bytes()
    with pytest.raises(FileNotFoundError):
        open_segment(folder, "front", DAY, FILE)


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    store(tmp_path / "disk", STARTED, [0, 1000])
    (tmp_path / "recordings").symlink_to(tmp_path / "disk")
    os.close(open_segment(tmp_path / "recordings", "front", DAY, FILE))


def test_what_is_no_file_is_not_opened_and_not_waited_for(tmp_path: Path) -> None:
    day = tmp_path / "front" / DAY
    day.mkdir(parents=True)
    os.mkfifo(day / FILE)
    (day / "00-00-01.000Z.mkv").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    for file in (FILE, "00-00-01.000Z.mkv"):
        with pytest.raises(FileNotFoundError):
            open_segment(tmp_path, "front", DAY, file)
    assert len(os.listdir("/proc/self/fd")) <= before  # libzmq may close some of an earlier test meanwhile
