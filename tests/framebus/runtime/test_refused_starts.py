"""A start that systemd repeats is told from one that a person asks for."""

from pathlib import Path

from framebus.runtime.refused_starts import FILE_NAME, REPEATED_WITHIN_SECONDS, is_repeated, note


def test_only_the_start_after_a_refused_one_is_repeated(tmp_path: Path) -> None:
    assert not is_repeated(tmp_path)
    assert note(tmp_path)
    assert is_repeated(tmp_path)
    assert not is_repeated(tmp_path), "a start while the repeated one waits"


def test_a_start_long_after_a_refused_one_is_none_that_is_repeated(tmp_path: Path) -> None:
    assert note(tmp_path)
    ended = (tmp_path / FILE_NAME).stat().st_mtime
    assert not is_repeated(tmp_path, now=ended + REPEATED_WITHIN_SECONDS)


def test_a_clock_that_was_set_back_makes_no_start_repeated(tmp_path: Path) -> None:
    assert note(tmp_path)
    ended = (tmp_path / FILE_NAME).stat().st_mtime
    assert not is_repeated(tmp_path, now=ended - 86400)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert not note(tmp_path / "missing")
    (tmp_path / FILE_NAME / "inside").mkdir(parents=True)
    assert is_repeated(tmp_path), "what cannot be removed would make every start one of a person"
