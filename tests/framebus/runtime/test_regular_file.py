import os
import socket
from pathlib import Path

import pytest

from framebus.runtime.regular_file import NotRegularFileError, open_regular, read_regular


def test_a_file_is_read_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert [read_regular(tmp_path / name) for name in ("file", "link")] == [b"content"] * 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("folder", "a folder"),
        ("pipe", "a device or a pipe"),
        ("link", "a device or a pipe"),
        ("socket", "a device or a pipe"),
        ("/dev/zero", "a device or a pipe"),
    ],
)
def test_what_is_no_file_is_refused_and_not_waited_for(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(NotRegularFileError) as error:
        read_regular(tmp_path / name)
    assert error.value.strerror == f"found {kind}; allowed: a file"
    assert len(os.listdir("/proc/self/fd")) <= before  # libzmq may close some of an earlier test meanwhile


def test_a_pipe_that_takes_the_place_of_a_file_meanwhile_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    look = os.stat

    def replaced(path: Path) -> os.stat_result:
        status = look(path)
        file.unlink()
        os.mkfifo(file)
        return status

    monkeypatch.setattr(os, "stat", replaced)
    with pytest.raises(NotRegularFileError):
        open_regular(file)


def test_a_file_that_is_not_there_is_another_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
