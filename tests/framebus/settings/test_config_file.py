"""Changes of framebus.toml: checked, kept beside the old one, and never over an edit of the person's."""

import errno
import fcntl
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from framebus.config.checked_copy import FILE_NAME, Original, copy_of
from framebus.config.load import Config, ConfigError
from framebus.settings.config_file import NOT_RUNNING, ConfigFile, version_of
from framebus.settings.settings_error import SettingsError
from tests.conftest import Configure
from tests.processes import wait_until


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


def path_of(config: Config) -> Path:
    assert config.path is not None
    return config.path


@pytest.fixture
def file(config: Config) -> ConfigFile:
    return ConfigFile(config.path, config.run_dir)


def edit(text: str) -> str:
    return text.replace("320x240", "640x480")


def in_force(config: Config, text: str) -> None:
    """Let the copy of this text be what framebus runs with."""
    path = path_of(config)
    (config.run_dir / FILE_NAME).write_bytes(copy_of(text.encode(), Original(path, path.parent)))


def test_the_old_file_stays_beside_the_new_one_with_its_mode(file: ConfigFile, config: Config) -> None:
    path = path_of(config)
    path.chmod(0o640)
    before = path.read_text()

    assert file.change(edit) == [NOT_RUNNING]

    old = path.with_name("framebus.toml.old")
    assert path.read_text() == edit(before)
    assert old.read_text() == before
    assert {path.stat().st_mode & 0o777, old.stat().st_mode & 0o777} == {0o640}


def test_a_file_that_is_deleted_while_a_change_waits_for_it_is_one_sentence(file: ConfigFile, config: Config) -> None:
    path = path_of(config)

    def is_opened() -> bool:
        links = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
        return links.count(os.path.realpath(path)) > 1

    with path.open() as held, ThreadPoolExecutor(1) as threads:
        fcntl.flock(held, fcntl.LOCK_EX)
        change = threads.submit(file.change, edit)
        wait_until(is_opened, "the change waits for the lock")
        path.unlink()
        fcntl.flock(held, fcntl.LOCK_UN)
        with pytest.raises(SettingsError) as refused:
            change.result()
    assert str(refused.value) == f"{path} cannot be opened: No such file or directory"


def test_a_process_that_is_killed_leaves_no_file_that_the_service_cannot_read(
    file: ConfigFile, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the moment at which a file gets its name, it has its mode."""
    path_of(config).chmod(0o640)
    replace, modes = os.replace, []

    def replaced(source: Path, target: Path) -> None:
        modes.append(os.stat(source).st_mode & 0o777)
        replace(source, target)

    monkeypatch.setattr(os, "replace", replaced)
    file.change(edit)
    assert modes == [0o640, 0o640]


@pytest.mark.parametrize("target", ["theirs", "pipe"])
def test_a_link_in_place_of_the_old_file_is_replaced(target: str, file: ConfigFile, config: Config) -> None:
    path = path_of(config)
    path.with_name("theirs").write_text("theirs")
    path.with_name("theirs").chmod(0o600)
    os.mkfifo(path.with_name("pipe"))
    old = path.with_name("framebus.toml.old")
    old.symlink_to(target)
    before = path.read_text()

    file.change(edit)

    assert (old.is_symlink(), old.read_text()) == (False, before)
    assert path.with_name("theirs").read_text() == "theirs"
    assert path.with_name("theirs").stat().st_mode & 0o777 == 0o600


def test_a_disk_that_is_full_or_read_only_changes_nothing_and_is_named(
    file: ConfigFile, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path_of(config).read_text()
    for number in (errno.ENOSPC, errno.EROFS):

        def fsync(_descriptor: int, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            with pytest.raises(SettingsError) as caught:
                file.change(edit)
        assert str(caught.value) == f"{config.path} cannot be written: {os.strerror(number)}"
        assert path_of(config).read_text() == before
        assert not list(path_of(config).parent.glob(".framebus.toml*"))


def test_a_change_that_framebus_refuses_is_not_written(file: ConfigFile, config: Config) -> None:
    before = path_of(config).read_text()
    with pytest.raises(ConfigError, match=r"camera.front.size: found \"huge\""):
        file.change(lambda text: text.replace("320x240", "huge"))
    assert path_of(config).read_text() == before
    assert not path_of(config).with_name("framebus.toml.old").exists()


def test_a_client_that_has_seen_another_version_is_refused(file: ConfigFile, config: Config) -> None:
    version = version_of(file.read())
    path_of(config).write_text(file.read() + "# by hand\n")

    with pytest.raises(SettingsError, match="was changed meanwhile") as refused:
        file.change(edit, version=version)

    assert refused.value.code == "changed"
    assert "320x240" in file.read()
    file.change(edit, version=version_of(file.read()))
    assert file.read().endswith("# by hand\n")


def test_an_edit_by_hand_that_is_not_in_force_is_not_applied_for_another_person(
    file: ConfigFile, config: Config
) -> None:
    in_force(config, file.read())
    assert not file.is_edited(file.read())
    path_of(config).write_text(file.read() + "# half an edit\n")
    os.utime(path_of(config), (0, 0))
    assert file.is_edited(file.read())

    with pytest.raises(SettingsError, match="edited by hand and is not in force yet; run: framebus reload") as refused:
        file.change(edit, by_hand=False)

    assert refused.value.code == "edited"
    file.change(edit)  # the person who edits may
    assert file.read().endswith("# half an edit\n")


@pytest.mark.medium
def test_a_change_of_another_process_that_is_being_applied_is_waited_for(file: ConfigFile, config: Config) -> None:
    in_force(config, file.read())
    changed = file.read() + "# a command\n"
    path_of(config).write_text(changed)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(file.write, edit, by_hand=False)
        time.sleep(0.2)
        in_force(config, changed)
        before, _ = waiting.result(60)
    assert before == changed


def test_the_copy_of_another_file_says_nothing(file: ConfigFile, config: Config) -> None:
    (config.run_dir / FILE_NAME).write_bytes(copy_of(b"", Original(Path("/other.toml"), Path("/"))))
    assert not file.is_edited(file.read())


def test_an_editor_that_saves_during_the_change_wins(file: ConfigFile, config: Config) -> None:
    def slow(text: str) -> str:
        path_of(config).write_text(text + "# saved\n")
        return edit(text)

    with pytest.raises(SettingsError, match="was changed meanwhile"):
        file.change(slow)
    assert file.read().endswith("# saved\n")
    assert "640x480" not in file.read()


def test_a_link_stays_a_link(config: Config, tmp_path: Path) -> None:
    link = tmp_path / "framebus.toml"
    link.symlink_to(path_of(config))
    ConfigFile(link, config.run_dir).change(edit)
    assert link.is_symlink()
    assert "640x480" in path_of(config).read_text()


def as_another_user(function: Callable[[], object]) -> str:
    """What the function raises where this user is not root; empty if it raises nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            function()
            said = ""
        except BaseException as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, "rb") as pipe:
        return pipe.read().decode()


def test_a_file_that_cannot_be_written_is_named(file: ConfigFile, config: Config) -> None:
    path_of(config).chmod(0o444)
    path_of(config).parent.chmod(0o755)

    def why() -> None:
        raise SettingsError("read-only", file.why_read_only())

    assert as_another_user(why) == (
        f"SettingsError: {config.path} and its folder cannot be written by the user that runs framebus"
    )
    assert as_another_user(lambda: file.change(edit)) == (
        f"SettingsError: {config.path} cannot be written: Permission denied; run this command with sudo"
    )


def test_without_a_file_there_is_nothing_to_change(config: Config) -> None:
    file = ConfigFile(None, config.run_dir)
    assert file.why_read_only() == "framebus runs without a framebus.toml"
    with pytest.raises(SettingsError, match=r"there is no framebus.toml to change"):
        file.change(edit)


def test_a_file_that_can_be_written_says_nothing(file: ConfigFile) -> None:
    assert file.why_read_only() == ""
