"""When nothing may be written, and the sentence that says why."""

import math
import os
from pathlib import Path

import pytest

from recorder.disk import GB, Disk, DiskError


def test_the_folder_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"

    assert Disk(folder, 0).check(100) == tmp_path.stat().st_dev
    assert folder.is_dir()


def test_what_is_to_be_left_free_is_left_free(tmp_path: Path) -> None:
    free = Disk(tmp_path, 0).free_bytes()
    with pytest.raises(DiskError) as error:
        Disk(tmp_path, free + 500 * GB).check(1)
    assert str(error.value).startswith(f"the disk of {tmp_path} has ")
    assert str(error.value).endswith(f" GB free, and leave_free_gb is {(free + 500 * GB) / GB:g}")


def test_nothing_is_written_below_a_mount_point_without_a_disk(tmp_path: Path) -> None:
    with pytest.raises(DiskError) as error:
        Disk(tmp_path / "recordings", 0, mount_point=tmp_path).check(1)
    assert str(error.value) == f"nothing is mounted at {tmp_path}"
    assert not (tmp_path / "recordings").exists()


@pytest.mark.skipif(not os.path.ismount("/proc"), reason="there is no /proc")
def test_a_mounted_one_is_used(tmp_path: Path) -> None:
    Disk(tmp_path, 0, mount_point=Path("/proc")).check(1)


def test_the_disk_of_the_system_does_not_replace_one_that_was_removed() -> None:
    with pytest.raises(DiskError) as error:
        Disk(Path("/"), 0).check(1, first_device=Path("/").stat().st_dev + 1)
    assert str(error.value) == "the disk of / was removed"


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        Disk(tmp_path / "file" / "recordings", 0).check(1)


def test_it_says_how_many_files_fit(tmp_path: Path) -> None:
    assert Disk(tmp_path, 0).free_files() > 0
    assert Disk(Path("/proc"), 0).free_files() == math.inf
