"""The secrets file: replaced in one step, under a lock, for its owner alone."""

import fcntl
import json
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from framebus.credentials import secrets_file
from framebus.credentials.secrets_file import (
    MAX_FILE_BYTES,
    SecretsError,
    changing,
    check_writable,
    read,
    signature,
)

NOBODY = pwd.getpwnam("nobody")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root runs the block as user nobody, and is root again behind it."""
    os.setresgid(NOBODY.pw_gid, NOBODY.pw_gid, 0)
    os.setresuid(NOBODY.pw_uid, NOBODY.pw_uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "framebus.secrets"


def test_without_a_file_there_is_no_content(file: Path) -> None:
    assert read(file) == {}
    assert signature(file) == ()


def test_only_the_owner_can_read_it(file: Path) -> None:
    with changing(file) as content:
        content["a"] = {"b": 1}
    assert read(file) == {"a": {"b": 1}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_other_keys_stay(file: Path) -> None:
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


def test_the_signature_changes_with_the_file(file: Path) -> None:
    with changing(file) as content:
        content["a"] = 1
    before = signature(file)
    with changing(file) as content:
        content["a"] = 2
    assert signature(file) != before


def test_concurrent_changes_are_all_kept(file: Path) -> None:
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
def test_what_framebus_did_not_write_is_refused_without_quoting_it(text: str, why: str, file: Path) -> None:
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SecretsError) as refused:
        read(file)
    assert str(refused.value) == f"{file} {why}"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
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


def test_a_file_of_the_largest_size_is_read_and_no_larger_one(file: Path) -> None:
    text = json.dumps({"a": ""})
    file.write_text(json.dumps({"a": "x" * (MAX_FILE_BYTES - len(text))}))
    file.chmod(0o600)
    assert len(read(file)["a"]) == MAX_FILE_BYTES - len(text)
    file.write_text(json.dumps({"a": "x" * (MAX_FILE_BYTES - len(text) + 1)}))
    with pytest.raises(SecretsError, match="has more than"):
        read(file)


@pytest.mark.slow
def test_a_change_waits_for_the_lock(file: Path) -> None:
    lock = file.with_name("framebus.secrets.lock")
    changed = Event()

    def change() -> None:
        with changing(file) as content:
            content["a"] = 1
        changed.set()

    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        thread = Thread(target=change)
        thread.start()
        assert not changed.wait(0.3)
        assert not file.exists()
    thread.join()
    assert read(file) == {"a": 1}


def test_the_lock_is_for_its_owner_alone(file: Path) -> None:
    with changing(file):
        pass
    assert stat.S_IMODE(file.with_name("framebus.secrets.lock").stat().st_mode) == 0o600


@pytest.mark.root
def test_a_file_and_lock_that_root_creates_belong_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY.pw_uid, NOBODY.pw_gid)
    file = tmp_path / "framebus.secrets"
    with changing(file) as content:
        content["a"] = 1
    for created in (file, file.with_name("framebus.secrets.lock")):
        assert (created.stat().st_uid, created.stat().st_gid) == (NOBODY.pw_uid, NOBODY.pw_gid), created


@pytest.mark.root
def test_a_lock_that_an_earlier_command_left_to_root_is_given_to_the_owner(file: Path) -> None:
    file.write_text("{}")
    file.chmod(0o600)
    os.chown(file, NOBODY.pw_uid, NOBODY.pw_gid)
    lock = file.with_name("framebus.secrets.lock")
    lock.touch(0o600)
    with changing(file):
        pass
    assert lock.stat().st_uid == NOBODY.pw_uid


@pytest.mark.root
def test_the_owner_that_is_named_owns_what_root_writes(file: Path) -> None:
    owner = (NOBODY.pw_uid, NOBODY.pw_gid)
    with changing(file, owner) as content:
        content["a"] = 1
    lock = file.with_name("framebus.secrets.lock")
    assert (file.stat().st_uid, file.stat().st_gid) == (lock.stat().st_uid, lock.stat().st_gid) == owner
    os.chown(file, 0, 0)
    with changing(file, owner) as content:
        content["a"] = 2
    assert (file.stat().st_uid, file.stat().st_gid) == owner


@pytest.mark.root
def test_a_hard_link_in_place_of_the_lock_is_refused_and_keeps_its_owner(file: Path, tmp_path: Path) -> None:
    """Else a user could have root give him any file on the same file system."""
    precious = tmp_path / "precious"
    precious.write_text("x")
    file.write_text("{}")
    os.chown(file, NOBODY.pw_uid, NOBODY.pw_gid)
    lock = file.with_name("framebus.secrets.lock")
    os.link(precious, lock)
    with pytest.raises(SecretsError) as refused, changing(file):
        pass
    assert str(refused.value) == f"{lock} is not a lock file of framebus; run: rm {lock}"
    assert precious.stat().st_uid == 0


@pytest.mark.root
def test_a_reader_never_sees_a_file_of_another_owner(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway reads the file whenever it changes: one that it may not read would make it refuse everyone."""
    file.write_text("{}")
    file.chmod(0o600)
    os.chown(file, NOBODY.pw_uid, NOBODY.pw_gid)
    replace, seen = os.replace, []

    def replaced(source: str, target: str) -> None:
        replace(source, target)
        seen.append(os.stat(target).st_uid)

    monkeypatch.setattr(os, "replace", replaced)
    with changing(file) as content:
        content["a"] = 1
    assert seen == [NOBODY.pw_uid]


def test_a_writable_file_can_be_told_without_changing_it(file: Path, tmp_path: Path) -> None:
    check_writable(file)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SecretsError) as refused:
        check_writable(tmp_path / "no" / "secrets")
    assert str(refused.value) == f"{tmp_path}/no/secrets cannot be written: No such file or directory"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter; the folders of pytest are for one user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.mark.root
def test_a_folder_that_this_user_cannot_write_to_is_named(open_folder: Path) -> None:
    file = open_folder / "framebus.secrets"
    with as_nobody(), pytest.raises(SecretsError) as refused:
        check_writable(file)
    assert str(refused.value) == f"{file} cannot be written: Permission denied"
    open_folder.chmod(0o777)
    with as_nobody():
        check_writable(file)


@pytest.mark.root
@pytest.mark.parametrize("mode", [0o600, 0o604, 0o602])
def test_a_lock_that_this_user_cannot_open_is_named(mode: int, open_folder: Path) -> None:
    open_folder.chmod(0o777)
    file, lock = open_folder / "framebus.secrets", open_folder / "framebus.secrets.lock"
    lock.touch()
    lock.chmod(mode)
    sentence = f"{lock} cannot be opened: Permission denied; run: sudo rm {lock}"
    with as_nobody(), pytest.raises(SecretsError) as refused:
        check_writable(file)
    assert str(refused.value) == sentence
    with as_nobody(), pytest.raises(SecretsError) as refused, changing(file):
        pass
    assert str(refused.value) == sentence


def test_a_lock_that_this_user_can_open_is_no_problem(file: Path) -> None:
    file.with_name("framebus.secrets.lock").touch(0o600)
    check_writable(file)


def test_a_change_is_on_the_disk_when_it_returns(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode)))
    with changing(file) as content:
        content["a"] = 1
    assert synced == [False, True], "the content, and then the folder"


def test_people_can_read_the_file(file: Path) -> None:
    with changing(file) as content:
        content["a"] = {"b": 1}
    assert file.read_text() == '{\n "a": {\n  "b": 1\n }\n}\n'


def test_a_user_who_is_not_root_gives_nothing_away(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "fchown", lambda *_: pytest.fail("only root may"))
    with changing(file) as content:
        content["a"] = 1
    assert secrets_file.read(file) == {"a": 1}


def test_a_lock_that_cannot_be_given_away_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    with pytest.raises(SecretsError) as refused, changing(file, (12, 34)):
        pass
    assert str(refused.value) == f"{file}.lock cannot be given to user 12: Operation not permitted"


def test_a_lock_that_is_a_link_is_not_followed_and_not_to_be_removed_as_root(file: Path) -> None:
    file.with_name(f"{file.name}.lock").symlink_to(file)
    file.write_text("{}")
    file.chmod(0o600)
    with pytest.raises(SecretsError) as refused, changing(file):
        pass
    assert str(refused.value) == f"{file}.lock cannot be opened: Too many levels of symbolic links"


def test_a_full_disk_is_said_and_the_file_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with changing(file) as content:
        content["a"] = 1

    def fsync(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SecretsError) as refused, changing(file) as content:
        content["a"] = 2
    assert str(refused.value) == f"{file} cannot be written: No space left on device"
    assert secrets_file.read(file) == {"a": 1}


def test_the_check_follows_no_link(file: Path) -> None:
    """As root, it would create any file."""
    target = file.with_name("target")
    file.with_name(f".{file.name}.{os.getpid()}.probe").symlink_to(target)
    with pytest.raises(SecretsError) as refused:
        check_writable(file)
    assert str(refused.value) == f"{file} cannot be written: File exists"
    assert not target.exists()
