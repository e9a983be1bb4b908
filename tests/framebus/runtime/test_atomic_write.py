"""A file is there whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from framebus.runtime.atomic_write import PRIVATE, write_atomically


def test_a_file_of_a_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_atomically(file, b"x", PRIVATE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == b"x"


def test_what_shall_last_is_given_to_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"before")
    seen: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: seen.append(file.read_bytes()))
    write_atomically(file, b"after", lasting=True)
    assert seen == [b"before"]
    assert file.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [file]
