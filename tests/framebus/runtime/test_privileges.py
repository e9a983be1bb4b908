"""What is started as root goes on as somebody else. These tests are root's to run: a child becomes nobody."""

import os
import pwd
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from framebus.config.load import Config, ConfigError, parse
from framebus.runtime.privileges import PrivilegeError, drop_privileges, service_owner, warn
from tests.conftest import Start

NOBODY = "nobody"


def in_a_child(work: Callable[[], str]) -> str:
    """What it returns in a process of its own, which may give up what it likes."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def config_for(folder: Path, user: str | None) -> Config:
    table = {"run_dir": str(folder / "run"), "state_dir": str(folder / "state")}
    return parse({**table, **({"user": user} if user else {})}, None)


@pytest.mark.root
def test_root_becomes_the_user_for_good(run_dir: Path) -> None:
    config = config_for(run_dir, NOBODY)

    def become() -> str:
        drop_privileges(config, lambda: config)
        try:
            os.setuid(0)
        except PermissionError:
            return f"{os.getresuid()} {os.getresgid()} {os.getgroups()} {os.environ['USER']}"
        return "root again"

    nobody = pwd.getpwnam(NOBODY)
    uid, gid = nobody.pw_uid, nobody.pw_gid
    assert in_a_child(become) == f"{(uid,) * 3} {(gid,) * 3} {[gid]} nobody"
    for folder in ("run", "state"):
        made = (run_dir / folder).stat()
        assert (made.st_uid, stat.S_IMODE(made.st_mode)) == (uid, 0o700)


@pytest.mark.root
def test_a_folder_that_is_there_keeps_its_owner(run_dir: Path) -> None:
    config = config_for(run_dir, NOBODY)
    config.run_dir.mkdir()
    in_a_child(lambda: str(drop_privileges(config, lambda: config)))
    assert config.run_dir.stat().st_uid == 0


@pytest.mark.root
def test_the_configuration_is_read_again_as_that_user(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/0")
    config = config_for(run_dir, NOBODY)
    found = in_a_child(lambda: str(drop_privileges(config, lambda: parse({"user": NOBODY}, None)).run_dir))
    assert found == f"/tmp/framebus-{pwd.getpwnam(NOBODY).pw_uid}"


def test_without_a_user_nothing_changes(run_dir: Path) -> None:
    config = config_for(run_dir, None)
    assert drop_privileges(config, lambda: pytest.fail("read again")) is config
    assert warn(config) == (
        'framebus runs as root and need not: set another user in framebus.toml, such as user = "framebus"'
        if os.geteuid() == 0
        else None
    )
    assert warn(config_for(run_dir, NOBODY)) is None


@pytest.mark.root
@pytest.mark.parametrize(
    ("user", "why"),
    [
        ("nobody-of-this-name", "user nobody-of-this-name does not exist on this machine; "),
        ("root", "user root has the rights of root; allowed: a user without them"),
    ],
)
def test_a_user_that_will_not_do_is_said(user: str, why: str, run_dir: Path) -> None:
    config = config_for(run_dir, user)
    with pytest.raises(PrivilegeError) as refused:
        drop_privileges(config, lambda: config)
    assert str(refused.value).startswith(why)


@pytest.mark.parametrize("user", [5, "", "a b", "a;b", "-x"])
def test_what_cannot_be_a_user_is_a_mistake(user: object) -> None:
    with pytest.raises(ConfigError, match=r"user: found .*; allowed: the name of a user of this machine"):
        parse({"user": user}, None)


@pytest.mark.root
@pytest.mark.parametrize("arguments", [("framebus", "up"), ("snapshot",)])
def test_every_process_says_when_it_cannot(arguments: tuple[str, ...], run_dir: Path, start: Start) -> None:
    file = run_dir / "framebus.toml"
    file.write_text(f'run_dir = "{run_dir}"\nuser = "nobody-of-this-name"\n')
    running = start(*arguments, "--config", str(file))
    assert running.ended() == 1
    assert "user nobody-of-this-name does not exist on this machine; run: sudo adduser" in running.log


@pytest.mark.root
def test_a_folder_that_another_user_made_in_the_place_of_roots_own_says_nothing_of_who_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    config = parse({}, None)
    config.run_dir.mkdir()
    os.chown(config.run_dir, 1001, 1001)
    assert config.run_dir.parent == tmp_path
    assert service_owner(config) is None
