"""`framebus doctor`: on a machine without faults, and on one with a fault of each kind."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import framebus
from framebus.__main__ import main
from framebus.commands import which_config
from framebus.commands.doctor import service_of
from framebus.config.load import Config, load
from framebus.credentials import accounts
from framebus.runtime.run_dir import Lock, RunDirError
from tests.conftest import Configure, Start
from tests.processes import wait_until

Doctor = Callable[[Config], tuple[int, str]]


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """`framebus doctor`; returns the exit status and what it printed."""

    def run(config: Config) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["framebus", "doctor", "--config", str(config.path)])
        return main(), capsys.readouterr().out

    return run


@pytest.mark.slow
def test_on_a_machine_without_faults_nothing_is_wrong(configure: Configure, doctor: Doctor) -> None:
    config = configure()
    status, text = doctor(config)
    assert status == 0
    assert f"ok    configuration: {config.path}\n" in text
    assert re.search(r"^ok    framebus [\d.]+, Python 3\.\d+\.\d+, pyzmq [\d.]+, tornado ", text, re.M)
    assert f"ok    the sockets are in {config.run_dir}\n" in text
    assert f"note  nothing listens at {config.gateway.listen}\n      → start framebus: framebus up\n" in text
    assert re.search(r"^ok    camera front: testcard: a picture of 320x240, \d+ kB, after \d+\.\d s$", text, re.M)
    assert text.endswith("\nNo problems found.\n")


def test_a_running_camera_is_asked_and_left_alone(configure: Configure, start: Start, doctor: Doctor) -> None:
    config = configure()
    start("capture", "front", config=config).wait_for("publishes at")
    start("gateway", config=config).wait_for("listening on")
    wait_until(lambda: "camera front is idle: testcard, 320x240" in doctor(config)[1], "an idle camera")
    status, text = doctor(config)
    assert status == 0
    assert f"ok    framebus serves at http://{config.gateway.listen}/\n" in text
    assert "note  only this machine can watch\n" in text


@pytest.mark.slow
def test_a_missing_camera_is_wrong_with_its_reason(configure: Configure, doctor: Doctor) -> None:
    config = configure('[camera.front]\nsource = "v4l2:/dev/nothing"\n')
    status, text = doctor(config)
    assert status == 1
    assert re.search(r"^WRONG camera front: .*/dev/nothing", text, re.M)
    assert text.endswith("\n1 problem found.\n")


def test_a_running_camera_that_is_offline_is_wrong_with_its_reason(
    configure: Configure, start: Start, doctor: Doctor
) -> None:
    config = configure('[camera.front]\nsource = "v4l2:/dev/nothing"\n')
    start("capture", "front", config=config).wait_for("offline")
    _, text = doctor(config)
    assert re.search(r"^WRONG camera front is offline since \d\d:\d\d:\d\d: .*/dev/nothing", text, re.M)


@pytest.mark.slow
def test_a_port_in_use_by_another_program_is_wrong(configure: Configure, doctor: Doctor) -> None:
    config = configure()
    address = config.gateway.listen
    with socket.create_server((address.host, address.port)) as other:
        other.settimeout(10)
        other.listen()
        status, text = doctor_while_answering(other, lambda: doctor(config))
    assert status == 1
    assert (
        f"WRONG {address}: address already in use by another program\n      → stop that program, or set another port"
        in text
    )


def doctor_while_answering(listener: socket.socket, run: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Run the doctor while another program answers on the port."""
    from threading import Thread

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.0 200 OK\r\nServer: nginx\r\n\r\n")

    thread = Thread(target=answer)
    thread.start()
    result = run()
    thread.join()
    return result


def test_a_configuration_with_mistakes_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text("[camera.front]\nfps = 0\n")
    monkeypatch.setattr("sys.argv", ["framebus", "doctor", "--config", str(file)])
    assert main() == 2
    assert capsys.readouterr().err == (
        f"WRONG the configuration cannot be used:\n{file}: camera.front.fps: found 0; "
        "allowed: frames a second, more than 0 and at most 240\n"
    )


def test_a_camera_that_is_tried_is_locked_meanwhile(configure: Configure, start: Start, free_port: int) -> None:
    """A capture that starts during the trial must not open the camera too. supervisord starts it again."""
    with socket.create_server(("127.0.0.1", 0)) as camera:
        camera.settimeout(10)
        port = camera.getsockname()[1]
        config = configure(f'[camera.front]\nsource = "http://127.0.0.1:{port}/stream"\n')
        doctor = start("framebus", "doctor", config=config)
        connection, _ = camera.accept()  # the trial is under way
        with connection:
            with pytest.raises(RunDirError, match=f"front already runs as process {doctor.pid} "):
                Lock(config.run_dir, "front")
            capture = start("capture", "front", config=config)
            assert capture.ended() == 1
            assert f"front already runs as process {doctor.pid} " in capture.log
    doctor.ended(30)
    assert "WRONG camera front: " in doctor.log
    Lock(config.run_dir, "front").close()


@pytest.mark.slow
@pytest.mark.root
def test_a_read_only_file_system_is_wrong(configure: Configure, doctor: Doctor, tmp_path: Path) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", tmp_path], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        for key, value in (("state_dir", str(tmp_path)), ("secrets", f"{tmp_path}/secrets")):
            status, text = doctor(with_key(configure(), key, value))
            assert status == 1
            assert re.search(f"^WRONG .*{re.escape(value)} cannot be written: Read-only file system$", text, re.M)
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def with_key(config: Config, key: str, value: str) -> Config:
    """The same configuration with one more key."""
    assert config.path is not None
    config.path.write_text(f'{key} = "{value}"\n{config.path.read_text()}')
    return load(config.path)


@pytest.mark.slow
def test_the_secrets_file_is_named(configure: Configure, doctor: Doctor) -> None:
    config = configure()
    assert f"ok    secrets: {config.secrets}, no such file yet\n" in doctor(config)[1]
    with accounts.changing(config.secrets) as changed:
        changed.users["anna"] = accounts.User("x")
    assert f"ok    secrets: {config.secrets}, 1 users and 0 tokens\n" in doctor(config)[1]
    config.secrets.chmod(0o644)
    status, text = doctor(config)
    assert status == 1
    assert f"WRONG {config.secrets} can be read by others (mode 0644); run: chmod 600 {config.secrets}\n" in text


def test_an_open_address_without_users_is_wrong_and_the_machine_is_checked(
    configure: Configure, doctor: Doctor
) -> None:
    config = configure()
    assert config.path is not None
    config.path.write_text(config.path.read_text().replace("127.0.0.1:", "0.0.0.0:"))
    status, text = doctor(config)
    assert status == 1
    assert re.search(r"^WRONG .*gateway.listen: found .*; allowed: a loopback address", text, re.M)
    assert f"ok    the sockets are in {config.run_dir}\n" in text
    assert text.endswith("note  the cameras were not tried, as the configuration has mistakes\n\n1 problem found.\n")


@pytest.mark.root
def test_a_program_that_the_user_of_the_service_cannot_read_is_a_sentence(configure: Configure, tmp_path: Path) -> None:
    """Such as a working copy in a home: `sudo .venv/bin/python -P -m framebus doctor`."""
    (tmp_path / "framebus").symlink_to(Path(framebus.__file__).parent)
    tmp_path.chmod(0o700)
    config = with_key(with_key(configure(), "user", "nobody"), "state_dir", "state")
    config.run_dir.chmod(0o755)
    assert config.path is not None
    config.path.chmod(0o644)
    done = subprocess.run(
        (sys.executable, "-P", "-m", "framebus", "doctor", "--config", str(config.path)),
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},  # coverage could not write as that user
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.endswith(
        "the user that framebus runs as (nobody) cannot read "
        f"{tmp_path}/framebus/__init__.py; run the framebus that was installed for all users: sudo framebus doctor\n"
    )


@pytest.mark.root
def test_a_framebus_that_root_runs_is_examined_as_root_whoever_its_folders_belonged_to(
    configure: Configure, start: Start
) -> None:
    config = configure()
    assert config.path is not None
    state = config.run_dir / "state"
    state.mkdir()
    config = with_key(config, "state_dir", str(state))
    os.chown(state, 65534, 65534)
    assert service_of(config) == (65534, 65534)
    start("framebus", "up", config=config).wait_for("starts with")
    wait_until(lambda: which_config.running_with(config.path), "supervisord")
    assert service_of(config) is None
