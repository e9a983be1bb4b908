"""The folder of the sockets belongs to one user, and its paths fit."""

import errno
import fcntl
import os
import stat
import subprocess
import time
from pathlib import Path

import pytest
import zmq

from framebus.config.load import Config, parse
from framebus.runtime.run_dir import (
    RunDirError,
    frames_endpoint,
    guard,
    prepare,
    snapshot_endpoint,
    socket_path,
    viewers_endpoint,
)
from tests.processes import wait_until
from tests.programs import need


def config_of(run_dir: Path, *cameras: str) -> Config:
    return parse({"run_dir": str(run_dir), "camera": {camera: {} for camera in cameras or ("front",)}}, None)


def refusal(config: Config) -> str:
    with pytest.raises(RunDirError) as caught:
        prepare(config)
    return str(caught.value)


def with_control_path_of(size: int, folder: Path) -> Path:
    """A folder below the given one, such that the path of its longest socket has so many bytes."""
    rest = size - len(f"{folder}//front.control")
    return folder / ("x" * rest)


# Endpoints


def test_endpoints_lie_within_the_run_dir() -> None:
    config = config_of(Path("/run/cameras"))

    assert frames_endpoint(config.run_dir, "front") == "ipc:///run/cameras/front.frames"
    assert snapshot_endpoint(config.run_dir) == "ipc:///run/cameras/snapshot"
    assert viewers_endpoint(config.run_dir, 1) == "ipc:///run/cameras/gateway-1.viewers"


def test_an_ipc_endpoint_has_a_file() -> None:
    assert socket_path("ipc:///run/cameras/snapshot") == Path("/run/cameras/snapshot")
    assert socket_path("tcp://127.0.0.1:5555") is None


# prepare


def test_the_folder_is_made_for_us_alone(run_dir: Path) -> None:
    folder = run_dir / "new" / "one"

    prepare(config_of(folder))

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_there_is_used(run_dir: Path) -> None:
    prepare(config_of(run_dir))
    prepare(config_of(run_dir))

    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711, 0o704])
def test_a_folder_that_others_can_read_is_closed_to_them(
    mode: int, run_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_dir.chmod(mode)

    prepare(config_of(run_dir))

    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert caplog.messages == [f"run_dir {run_dir} could be read by others (mode {mode:04o}); it has mode 0700 now"]


def test_state_of_earlier_versions_is_moved_from_the_run_dir(run_dir: Path, tmp_path: Path) -> None:
    files = ["front.controls.json", "session.key", "logged-out", "tokens-used.json"]
    for name in [*files, "front.lock"]:
        (run_dir / name).write_text(f"old {name}")
    state_dir = tmp_path / "new" / "state"
    config = parse({"run_dir": str(run_dir), "state_dir": str(state_dir)}, None)

    prepare(config)

    assert {file.name: file.read_text() for file in state_dir.iterdir()} == {name: f"old {name}" for name in files}
    assert [file.name for file in run_dir.iterdir()] == ["front.lock"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in state_dir.iterdir()} == {0o600}


def test_newer_state_wins_and_the_old_does_not_come_back(run_dir: Path, tmp_path: Path) -> None:
    (run_dir / "front.controls.json").write_text("old")
    (tmp_path / "front.controls.json").write_text("new")
    config = parse({"run_dir": str(run_dir), "state_dir": str(tmp_path)}, None)

    prepare(config)
    (tmp_path / "front.controls.json").unlink()
    prepare(config)

    assert not (tmp_path / "front.controls.json").exists()


def test_state_that_lies_in_the_run_dir_on_purpose_stays(run_dir: Path) -> None:
    (run_dir / "session.key").write_text("key")

    prepare(parse({"run_dir": str(run_dir), "state_dir": str(run_dir)}, None))

    assert (run_dir / "session.key").read_text() == "key"


def clean_up(folder: Path, tmp_path: Path) -> None:
    """Have systemd-tmpfiles delete what is older than a second."""
    rules = tmp_path / "rules.conf"
    rules.write_text(f"d {folder} - - - 1s\n")
    subprocess.run([need("systemd-tmpfiles"), "--clean", str(rules)], check=True, timeout=30)


@pytest.mark.slow
def test_what_cleans_tmp_leaves_a_guarded_run_dir_alone(tmp_path: Path) -> None:
    run_dir = tmp_path / "tmp" / "run"
    run_dir.mkdir(parents=True, mode=0o700)
    file = run_dir / "cameras.conf"
    file.touch()
    with guard(config_of(run_dir)):
        wait_until(lambda: _is_locked(run_dir), "the lock")
        time.sleep(2.1)
        clean_up(run_dir.parent, tmp_path)
        assert file.exists()
    clean_up(run_dir.parent, tmp_path)
    assert not file.exists()


def _is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_guarded_files_look_new_to_other_cleaners(run_dir: Path) -> None:
    file = run_dir / "supervisor.sock"
    file.touch()
    with guard(config_of(run_dir), 0.01):
        os.utime(file, (0, 0))
        wait_until(lambda: file.stat().st_mtime > 1e9, "a new time")


def test_a_folder_that_cannot_be_made_is_refused(run_dir: Path) -> None:
    (run_dir / "file").touch()
    folder = run_dir / "file" / "run"

    assert refusal(config_of(folder)) == (
        f"run_dir {folder} cannot be made: Not a directory. Name another in framebus.toml"
    )


def test_a_file_is_no_folder(run_dir: Path) -> None:
    folder = run_dir / "file"
    folder.touch()

    assert refusal(config_of(folder)) == f"run_dir {folder} cannot be made: File exists. Name another in framebus.toml"


def test_a_link_is_no_folder_of_ours(run_dir: Path) -> None:
    (run_dir / "there").mkdir(mode=0o700)
    link = run_dir / "link"
    link.symlink_to("there")

    assert refusal(config_of(link)) == f"run_dir {link} is no folder; allowed: a folder of your own"


def test_a_folder_of_another_user_is_refused(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)  # only root could give the folder away instead

    assert refusal(config_of(run_dir)) == (
        f"run_dir {run_dir} belongs to user {owner}; allowed: a folder of user {owner + 1}"
    )


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(mode: int, run_dir: Path) -> None:
    run_dir.chmod(mode)

    assert refusal(config_of(run_dir)) == (
        f"run_dir {run_dir} can be written to by others (mode {mode:04o}); run: chmod 700 {run_dir}"
    )


def test_the_longest_path_that_a_socket_can_have_is_taken(run_dir: Path) -> None:
    folder = with_control_path_of(107, run_dir)

    prepare(config_of(folder, "a", "front"))

    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.bind(f"ipc://{folder}/front.control")


def test_a_longer_path_is_refused(run_dir: Path) -> None:
    folder = with_control_path_of(108, run_dir)

    assert refusal(config_of(folder, "a", "front")) == (
        f"run_dir {folder} makes socket paths of 108 bytes; allowed: at most 107 (a limit of Linux). "
        "Name a shorter one in framebus.toml"
    )
    assert not folder.exists()
    with (
        zmq.Context() as context,
        context.socket(zmq.ROUTER) as socket,
        pytest.raises(zmq.ZMQError) as caught,
    ):
        socket.bind(f"ipc://{folder}/front.control")
    assert caught.value.errno == errno.ENAMETOOLONG


def test_bytes_count_and_not_letters(run_dir: Path) -> None:
    folder = run_dir / ("ü" * 40)

    assert f"makes socket paths of {len(os.fsencode(folder)) + len('/front.control')} bytes" in refusal(
        config_of(folder)
    )


def test_the_paths_of_workers_count_where_there_are_some(run_dir: Path) -> None:
    folder = with_control_path_of(107, run_dir)
    table = {"run_dir": str(folder), "camera": {"front": {}}}

    prepare(parse(table, None))

    assert refusal(parse({**table, "gateway": {"workers": 32}}, None)).startswith(
        f"run_dir {folder} makes socket paths of 112 bytes; "
    )
