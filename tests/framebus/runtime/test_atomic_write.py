"""A file is replaced in one step, and survives a power cut where that is asked for."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest

from framebus.runtime.atomic_write import PRIVATE, READABLE, write_atomically


def test_a_private_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_atomically(file, b"x", PRIVATE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == b"x"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_the_umask_holds(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "still.jpg", b"x", READABLE)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "still.jpg").stat().st_mode) == mode


def test_the_umask_of_the_process_is_never_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to all threads: a file that another one creates meanwhile would be open to everyone."""
    calls: list[int] = []
    monkeypatch.setattr(os, "umask", calls.append)
    write_atomically(tmp_path / "still.jpg", b"x")
    assert calls == []


def test_a_lasting_write_syncs_the_content_before_and_the_folder_after_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"before")
    synced: list[tuple[str, bytes]] = []

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        same = status.st_ino == tmp_path.stat().st_ino
        synced.append(("folder" if stat.S_ISDIR(status.st_mode) and same else "content", file.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(file, b"after", lasting=True)
    assert synced == [("content", b"before"), ("folder", b"after")]
    assert list(tmp_path.iterdir()) == [file]


def test_a_write_that_need_not_last_waits_for_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write_atomically(tmp_path / "still.jpg", b"x")
    assert synced == []


@pytest.mark.parametrize("error", [OSError(22, "Invalid argument"), OSError(95, "Operation not supported")])
def test_a_file_system_that_cannot_sync_folders_is_no_failure(
    error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise error

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(tmp_path / "kept", b"x", lasting=True)
    assert (tmp_path / "kept").read_bytes() == b"x"


def test_a_disk_that_fails_to_sync_the_folder_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(tmp_path / "kept", b"x", lasting=True)


def test_a_failure_leaves_the_file_and_no_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"before")

    def fsync(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, b"after", lasting=True)
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.root
def test_the_owner_is_set_before_the_file_can_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, owners = os.replace, []

    def replaced(source: Path, target: Path) -> None:
        owners.append((os.stat(source).st_uid, os.stat(source).st_gid))
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    write_atomically(tmp_path / "secret", b"x", PRIVATE, owner=(1234, 1235))
    assert owners == [(1234, 1235)]


def test_concurrent_writers_leave_one_of_their_contents(tmp_path: Path) -> None:
    file = tmp_path / "still.jpg"
    contents = [bytes([number]) * 100_000 for number in range(4)]

    def write(content: bytes) -> None:
        for _ in range(20):
            write_atomically(file, content)
            assert file.read_bytes() in contents

    threads = [Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]


def test_a_device_is_written_to_and_stays_a_device() -> None:
    write_atomically(Path("/dev/null"), b"x", into_devices=True)
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    """Such as one to a disk, in the folder of a user for whom root runs a command."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"before")
    for number, target in enumerate(("pipe", "file", "/dev/null", "none")):
        link = tmp_path / f"link{number}"
        link.symlink_to(target)
        write_atomically(link, b"x")
        assert (link.is_symlink(), link.read_bytes()) == (False, b"x")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


def test_the_exact_mode_holds_from_the_moment_at_which_the_file_can_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, modes = os.replace, []

    def replaced(source: Path, target: Path) -> None:
        modes.append(os.stat(source).st_mode & 0o777)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "kept", b"x", 0o644, exact_mode=True)
    finally:
        os.umask(before)
    assert modes == [0o644]
