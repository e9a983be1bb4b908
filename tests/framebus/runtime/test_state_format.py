from pathlib import Path

import pytest

from framebus.runtime.run_dir import RunDirError
from framebus.runtime.state_format import FORMAT, check_state_format
from tests.conftest import Configure, Start


def test_the_format_is_noted_once(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "state"
    check_state_format(folder)
    assert (folder / "format").read_text() == f"{FORMAT}\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    inode = (folder / "format").stat().st_ino
    check_state_format(folder)
    assert (folder / "format").stat().st_ino == inode


@pytest.mark.parametrize("content", [b"0\n", b"", b"\xff", b"newest"])
def test_an_older_or_damaged_note_is_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "format").write_bytes(content)
    check_state_format(tmp_path)
    assert (tmp_path / "format").read_text() == f"{FORMAT}\n"


def test_a_folder_that_cannot_be_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    check_state_format(tmp_path / "file" / "state")


def test_the_state_of_a_newer_framebus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "format").write_text("7\n")
    with pytest.raises(RunDirError) as caught:
        check_state_format(tmp_path)
    assert str(caught.value) == (
        f"state_dir {tmp_path} was written by a newer framebus (format 7); allowed: up to {FORMAT}. "
        "Install that version again, or name another state_dir in framebus.toml"
    )
    assert (tmp_path / "format").read_text() == "7\n"


def test_up_refuses_it(configure: Configure, start: Start) -> None:
    config = configure()
    config.state_dir.mkdir(parents=True)
    (config.state_dir / "format").write_text("7\n")
    up = start("framebus", "up", config=config)
    assert up.ended() == 1
    assert "was written by a newer framebus (format 7)" in up.log
