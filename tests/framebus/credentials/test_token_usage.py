"""When each token was last used, as state_dir holds it."""

import stat
from pathlib import Path

import pytest

from framebus.credentials.token_usage import FILE, last_used, save


def test_without_a_file_no_token_was_used(tmp_path: Path) -> None:
    assert last_used(tmp_path) == {}


def test_the_latest_use_of_each_known_token_is_kept(tmp_path: Path) -> None:
    state_dir = tmp_path / "state" / "dir"
    save(state_dir, {"a": 5.0, "b": 6.0, "gone": 7.0}, {"a", "b", "new"})
    assert last_used(state_dir) == {"a": 5.0, "b": 6.0}
    save(state_dir, {"a": 4.0}, {"a", "b"})
    assert last_used(state_dir) == {"a": 5.0, "b": 6.0}
    save(state_dir, {"b": 9.0}, {"a", "b"})
    assert last_used(state_dir) == {"a": 5.0, "b": 9.0}
    save(state_dir, {}, {"a"})
    assert last_used(state_dir) == {"a": 5.0}


def test_the_folder_and_the_file_are_for_their_owner_alone(tmp_path: Path) -> None:
    save(tmp_path / "state", {"a": 5.0}, {"a"})
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / FILE).stat().st_mode) == 0o600


def test_a_use_that_changes_nothing_is_not_written(tmp_path: Path) -> None:
    save(tmp_path, {"a": 5.0}, {"a"})
    before = (tmp_path / FILE).stat().st_ino
    save(tmp_path, {"a": 5.0}, {"a"})
    assert (tmp_path / FILE).stat().st_ino == before
    save(tmp_path / "unused", {}, {"a"})
    assert not (tmp_path / "unused").exists()


def test_early_times_are_kept_as_they_are(tmp_path: Path) -> None:
    """A machine without a clock begins at 0."""
    save(tmp_path, {"a": 0.5, "b": 0.25}, {"a", "b"})
    save(tmp_path, {"a": 0.75}, {"a", "b"})
    assert last_used(tmp_path) == {"a": 0.75, "b": 0.25}


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"a": "x"}', b"\xff"])
def test_a_damaged_file_counts_as_empty_and_is_replaced(content: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert last_used(tmp_path) == {}
    save(tmp_path, {"a": 1.0}, {"a"})
    assert last_used(tmp_path) == {"a": 1.0}
