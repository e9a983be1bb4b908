"""What is no file that can be read is refused before FFmpeg sees it."""

import os
from pathlib import Path

import pytest

from capture.media.file import check_file
from capture.source import SourceError
from tests.installed import NOBODY


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as said:
        check_file(path, "clip")
    return str(said.value)


def test_a_file_and_a_link_to_one_are_allowed(tmp_path: Path) -> None:
    file, link = tmp_path / "clip.mp4", tmp_path / "link"
    file.write_bytes(b"")
    link.symlink_to(file)
    check_file(file, "clip")
    check_file(link, "clip")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "clip: a folder, no file; name a video in `source`"


def test_a_pipe_and_a_device_are_refused_without_waiting_for_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        assert refusal(path) == "clip: a device or a pipe, no file; name a video in `source`"


@pytest.mark.parametrize("name", ["missing", "file/below", "nul\0", "dangling"])
def test_a_path_that_leads_nowhere_is_no_such_file(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert refusal(tmp_path / name) == "clip: there is no such file; check `source`"


def test_another_failure_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal(tmp_path / "loop") == "clip: it cannot be read: Too many levels of symbolic links"
    assert refusal(tmp_path / ("x" * 300)) == "clip: it cannot be read: File name too long"


def test_a_file_without_permission_is_told_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    file.touch(mode=0)
    user = os.geteuid()
    os.seteuid(user or NOBODY)  # root may read every file
    try:
        refused = refusal(file)
    finally:
        os.seteuid(user)
    assert refused == "clip: no permission to read it; allow it to the user that runs framebus"


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    file = tmp_path / "clip.mp4"
    file.touch()
    before = len(os.listdir("/proc/self/fd"))
    check_file(file, "clip")
    assert len(os.listdir("/proc/self/fd")) <= before  # libzmq may close some of an earlier test meanwhile
