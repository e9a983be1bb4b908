"""Where the reason for silence is known, the error says it."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from framebus import AsyncSubscriber, ConfigError, Subscriber, request_controls, request_snapshot
from framebus.client.silence import reason, user_name
from framebus.config.load import Config
from framebus.transport.endpoints import Endpoint
from tests.conftest import Configure, Start
from tests.installed import NOBODY
from tests.processes import DEADLINE_SECONDS, wait_until


def text_of(subscriber: Subscriber) -> str:
    with subscriber, pytest.raises(TimeoutError) as caught:
        subscriber.receive(0.05)
    return str(caught.value).removeprefix("no frame of camera front within 0.05 s")


def test_a_camera_that_is_not_configured_is_said_at_once(configure: Configure) -> None:
    config = configure()
    for ask in (Subscriber, request_controls):
        with pytest.raises(ConfigError, match=r'\Athere is no camera frnt; there is front; did you mean "front"\?\Z'):
            ask("frnt", config=config.path)


@pytest.mark.slow
def test_a_run_dir_that_does_not_exist_is_named(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(f'run_dir = "{tmp_path}/none"\n')
    why = f": run_dir {tmp_path}/none does not exist; framebus is not running, or with another run_dir"

    assert text_of(Subscriber("front", config=file)) == why
    for ask in (request_snapshot, request_controls):
        with pytest.raises(TimeoutError, match=re.escape(why)):
            ask("front", timeout=0.05, config=file)


def test_a_process_that_does_not_run_is_said(endpoint: str, run_dir: Path) -> None:
    assert text_of(Subscriber("front", endpoint=endpoint)) == (
        f": {run_dir}/front.frames does not exist; its process is not running"
    )


def test_a_socket_that_was_left_behind_is_said(endpoint: str, run_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(run_dir / "front.frames"))

    assert text_of(Subscriber("front", endpoint=endpoint)) == (
        f": {run_dir}/front.frames is left from a process that has ended"
    )


WITHOUT_FRAMES = "no frame of camera front within 1 s: it is offline: /dev/nothing: there is no such device"


@pytest.fixture
def silent(configure: Configure, start: Start) -> Config:
    """A camera that runs and gives no frames."""
    config = configure('[camera.front]\nsource = "v4l2:/dev/nothing"\n')
    start("capture", "front", config=config).wait_for("offline")
    return config


@pytest.mark.medium
def test_the_reason_of_a_camera_that_runs_without_frames_is_said(silent: Config) -> None:
    def said() -> bool:
        with Subscriber("front", config=silent.path) as subscriber, pytest.raises(TimeoutError) as caught:
            subscriber.receive(1)
        return str(caught.value).startswith(WITHOUT_FRAMES)

    wait_until(said, WITHOUT_FRAMES)  # a busy machine may take longer for it than the subscriber waits


@pytest.mark.medium
async def test_the_reason_of_such_a_camera_is_said_to_an_event_loop(silent: Config) -> None:
    said = ""
    async with asyncio.timeout(DEADLINE_SECONDS), AsyncSubscriber("front", config=silent.path) as subscriber:
        while not said.startswith(WITHOUT_FRAMES):
            with pytest.raises(TimeoutError) as caught:
                await subscriber.receive(1)
            said = str(caught.value)


def test_of_another_machine_nothing_is_known(free_port: int) -> None:
    assert reason(Endpoint(f"tcp://127.0.0.1:{free_port}")) == ""


def test_a_user_without_a_name_has_a_number() -> None:
    assert user_name(0) == "root"
    assert user_name(4_000_000) == "4000000"


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    ("folder_mode", "socket_mode", "text"),
    [
        (0o700, 0o700, "{folder}/front.frames: Permission denied; run_dir {folder} belongs to user root"),
        (0o755, 0o700, "{folder}/front.frames: Permission denied; run_dir {folder} belongs to user root"),
    ],
)
def test_another_users_run_dir_is_said(folder_mode: int, socket_mode: int, text: str, run_dir: Path) -> None:
    file = run_dir / "front.frames"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(file))
        listening.listen()
        file.chmod(socket_mode)
        run_dir.chmod(folder_mode)
        pid = os.fork()
        if pid == 0:
            os.setuid(NOBODY)
            os._exit(0 if reason(Endpoint(f"ipc://{file}")) == f": {text.format(folder=run_dir)}" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.slow
def test_who_may_not_read_the_secrets_may_subscribe(configure: Configure, run_dir: Path) -> None:
    """A server's configuration takes keys for its tcp endpoints; a reader on the same machine needs none of them."""
    secrets = run_dir / "framebus.secrets"
    secrets.write_text("{}")
    secrets.chmod(0o644)  # any user's error to read it
    file = run_dir / "framebus.toml"
    file.write_text(f'run_dir = "{run_dir}"\n[camera.front]\nsource = "testcard"\npublish = "tcp://*:5555"\n')
    assert "does not exist" in text_of(Subscriber("front", config=file))
    for ask in (request_snapshot, request_controls):
        with pytest.raises(TimeoutError):
            ask("front", timeout=0.05, config=file)


@pytest.mark.slow
def test_the_sentence_reaches_a_user_of_the_command(tmp_path: Path) -> None:
    file = tmp_path / "framebus.toml"
    file.write_text(f'run_dir = "{tmp_path}/none"\n')
    ran = subprocess.run(
        [sys.executable, "-m", "framebus", "snapshot", "front", "--timeout", "0.1", "--config", file],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1
    assert f"run_dir {tmp_path}/none does not exist" in ran.stderr
