"""The checks of files of `framebus doctor`: who may read them, and whether framebus can write them."""

import os
from pathlib import Path

import msgspec
import pytest

from framebus.commands import file_checks
from framebus.commands.findings import Finding
from framebus.config.load import Config
from framebus.credentials import accounts
from tests.conftest import Configure
from tests.framebus.commands.test_doctor import with_key
from tests.framebus.credentials.test_secrets_file import NOBODY, as_nobody


@pytest.mark.parametrize(
    ("source", "mode", "wrong"),
    [
        ("rtsp://user:secret@192.0.2.1/stream", 0o644, True),
        ("rtsp://user:secret@192.0.2.1/stream", 0o604, True),
        ("http://192.0.2.1/videostream.cgi?loginuse=admin&loginpas=x&password=secret", 0o644, True),
        ("http://192.0.2.1/snapshot.jpg?token=secret", 0o644, True),
        ("rtsp://user:secret@192.0.2.1/stream", 0o640, False),
        ("rtsp://user:secret@192.0.2.1/stream", 0o600, False),
        ("rtsp://192.0.2.1/stream", 0o644, False),
        ("testcard", 0o644, False),
        ("v4l2:name=Pass@Word", 0o644, False),
    ],
)
def test_a_password_that_all_users_can_read_is_wrong(source: str, mode: int, wrong: bool, configure: Configure) -> None:
    config = configure(f'[camera.front]\nsource = "{source}"\n')
    assert config.path is not None
    config.path.chmod(mode)
    findings = list(file_checks.configuration(config))
    assert bool(findings) == wrong
    for finding in findings:
        assert finding.level == "wrong"
        assert finding.text == (
            f"{config.path} holds a password (camera front), and all users can read it (mode {mode:04o})"
        )
        assert finding.advice == f"run: chmod 640 {config.path}"
        assert "secret" not in finding.text + finding.advice


@pytest.mark.parametrize(("owner", "group", "command"), [(0, NOBODY.pw_gid, "sudo chmod 640"), (0, 0, "sudo chgrp")])
def test_the_command_keeps_the_file_readable_for_the_service(
    owner: int, group: int, command: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure('[camera.front]\nsource = "rtsp://user:secret@192.0.2.1/stream"\n')
    assert config.path is not None
    status = os.stat_result((0o100644, 0, 0, 1, owner, group, 0, 0, 0, 0))
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY.pw_uid)
    monkeypatch.setattr(os, "getegid", lambda: NOBODY.pw_gid)
    monkeypatch.setattr(os, "getgroups", lambda: [NOBODY.pw_gid])
    line = file_checks.closing_command(config.path, status)
    assert line.startswith(command)
    assert line.endswith(f"chmod 640 {config.path}")


def test_a_group_without_a_name_is_named_by_its_number(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs as a user of which the system knows no name."""
    config = configure()
    assert config.path is not None
    status = os.stat_result((0o100644, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    monkeypatch.setattr(os, "getegid", lambda: 54321)
    monkeypatch.setattr(os, "getgroups", lambda: [54321])

    assert file_checks.closing_command(config.path, status) == (
        f"sudo chgrp 54321 {config.path} && sudo chmod 640 {config.path}"
    )


def test_all_cameras_with_a_password_are_named(configure: Configure) -> None:
    config = configure(
        '[camera.a]\nsource = "rtsp://u:p@192.0.2.1/"\n[camera.b]\nsource = "testcard"\n'
        '[camera.c]\nsource = "http://192.0.2.1/?pwd=x"\n'
    )
    assert config.path is not None
    config.path.chmod(0o644)
    (finding,) = file_checks.configuration(config)

    assert "holds a password (camera a, c)" in finding.text


def test_a_configuration_that_was_deleted_meanwhile_is_wrong(configure: Configure) -> None:
    config = configure()
    assert config.path is not None
    config.path.unlink()

    assert list(file_checks.configuration(config)) == [
        Finding("wrong", f"{config.path} cannot be read: No such file or directory")
    ]


def test_without_a_configuration_file_there_is_nothing_to_find(configure: Configure) -> None:
    assert list(file_checks.configuration(msgspec.structs.replace(configure(), path=None))) == []


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        ("rtsp://user@192.0.2.1/", True),
        ("http://192.0.2.1/?usr=admin&pwd=x", True),
        ("http://192.0.2.1/?PASSWORD=x", True),
        ("http://192.0.2.1/?access_token=x", True),
        ("http://192.0.2.1/?apikey=x", True),
        ("http://[192.0.2.1/", True),
        ("http://192.0.2.1/?pwd=", False),
        ("http://192.0.2.1/?size=640", False),
        ("http://192.0.2.1/user@host", False),
        ("/srv/clips/a@b.mp4", False),
        ("auto", False),
    ],
)
def test_a_source_holds_a_password_if_its_url_does(source: str, holds: bool) -> None:
    assert file_checks.holds_password(source) == holds


def test_a_state_dir_that_is_a_file_is_wrong(configure: Configure) -> None:
    for state_dir in ("file", "file/below"):
        config = with_key(configure(), "state_dir", state_dir)
        (config.run_dir / "file").touch()
        found = list(file_checks.state(config))
        assert [(one.level, one.text) for one in found] == [
            ("wrong", f"state_dir {config.run_dir}/{state_dir}: {config.run_dir}/file is not a folder")
        ]


@pytest.mark.root
@pytest.mark.parametrize("key", ["state_dir", "secrets"])
def test_what_this_user_cannot_write_is_wrong(key: str, configure: Configure, run_dir: Path) -> None:
    """As on a read-only file system, and after a restore by root."""
    config = configure()
    run_dir.chmod(0o755)
    (run_dir / "kept").mkdir()
    (run_dir / "kept").chmod(0o755)
    named = with_key(config, key, "kept" if key == "state_dir" else "kept/secrets")
    check = {"state_dir": file_checks.state, "secrets": file_checks.secrets}[key]
    with as_nobody():
        (found,) = check(named)
    assert found.level == "wrong"
    assert found.text.endswith("cannot be written: Permission denied")
    assert str(run_dir / "kept") in found.text
    os.chown(run_dir / "kept", NOBODY.pw_uid, NOBODY.pw_gid)
    with as_nobody():
        assert "wrong" not in [one.level for one in check(named)]


def test_a_state_dir_that_can_be_written_is_no_finding_and_stays_as_it_is(configure: Configure) -> None:
    config = configure()

    assert list(file_checks.state(config)) == []
    assert not config.state_dir.exists()


def test_secrets_that_are_damaged_are_wrong(configure: Configure) -> None:
    config = configure()
    config.secrets.write_text("{")
    config.secrets.chmod(0o600)
    (finding,) = file_checks.secrets(config)

    assert finding.level == "wrong"
    assert finding.text.startswith(f"{config.secrets}")


def test_users_and_tokens_are_counted(configure: Configure) -> None:
    config: Config = configure()
    assert list(file_checks.secrets(config)) == [Finding("ok", f"secrets: {config.secrets}, no such file yet")]
    with accounts.changing(config.secrets) as changed:
        changed.users["anna"] = changed.users["ben"] = accounts.User("x")
    assert list(file_checks.secrets(config)) == [Finding("ok", f"secrets: {config.secrets}, 2 users and 0 tokens")]


def test_the_nearest_parent_that_exists_is_found(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "missing")

    assert file_checks.existing(tmp_path) == tmp_path
    assert file_checks.existing(tmp_path / "a" / "b") == tmp_path
    assert file_checks.existing(tmp_path / "link" / "b") == tmp_path / "link"
