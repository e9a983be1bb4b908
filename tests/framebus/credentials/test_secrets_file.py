"""The file of secrets: whole, locked, and for its owner alone."""

import json
import stat
from pathlib import Path
from threading import Thread

import pytest

from framebus.credentials import secrets_file
from framebus.credentials.secrets_file import MAX_FILE_BYTES, SecretsError, changing, read, signature


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "framebus.secrets"


def test_without_a_file_there_is_nothing(file: Path) -> None:
    assert read(file) == {}
    assert signature(file) == ()


def test_what_was_written_is_read_by_its_owner_alone(file: Path) -> None:
    with changing(file) as content:
        content["a"] = {"b": 1}
    assert read(file) == {"a": {"b": 1}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_others_keep_in_it_survives(file: Path) -> None:
    with changing(file) as content:
        content["mine"] = 1
    with changing(file) as content:
        content["yours"] = 2
    assert read(file) == {"mine": 1, "yours": 2}


def test_nothing_is_written_when_nothing_changes(file: Path) -> None:
    with changing(file) as content:
        content["a"] = 1
    before = signature(file)
    with changing(file):
        pass
    assert signature(file) == before


def test_nothing_is_written_when_it_fails(file: Path) -> None:
    def fail() -> None:
        with changing(file) as content:
            content["a"] = 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not file.exists()


def test_a_change_can_be_told(file: Path) -> None:
    with changing(file) as content:
        content["a"] = 1
    before = signature(file)
    with changing(file) as content:
        content["a"] = 2
    assert signature(file) != before


def test_two_who_change_it_at_once_lose_nothing(file: Path) -> None:
    def add(name: str) -> None:
        for number in range(20):
            with changing(file) as content:
                content[f"{name}{number}"] = number

    threads = [Thread(target=add, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(file)) == 40


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_can_read_is_refused(mode: int, file: Path) -> None:
    file.write_text("{}")
    file.chmod(mode)
    with pytest.raises(SecretsError) as refused:
        read(file)
    assert str(refused.value) == f"{file} can be read by others (mode {mode:04o}); run: chmod 600 {file}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is no JSON; allowed: what framebus writes there"),
        ("[" * 100_000, "is no JSON; allowed: what framebus writes there"),
        ("[]", "holds no JSON object; allowed: what framebus writes there"),
        (
            json.dumps("x" * MAX_FILE_BYTES),
            f"has more than {MAX_FILE_BYTES} bytes; allowed: what framebus writes there",
        ),
    ],
)
def test_what_framebus_has_not_written_is_refused_and_not_shown(text: str, why: str, file: Path) -> None:
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SecretsError) as refused:
        read(file)
    assert str(refused.value) == f"{file} {why}"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    lost = tmp_path / "no" / "secrets"
    with pytest.raises(SecretsError) as refused, changing(lost):
        pass
    assert str(refused.value) == f"{lost}.lock cannot be opened: No such file or directory"


def test_a_link_in_place_of_the_lock_is_refused(file: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("x")
    file.with_name("framebus.secrets.lock").symlink_to(precious)
    with pytest.raises(SecretsError), changing(file):
        pass
    assert secrets_file.read(file) == {}
