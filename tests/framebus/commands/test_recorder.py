"""`framebus recorder`, with a real recorder, and request_recorder behind it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus import ArgumentError, RecorderError, RecorderHeader, request_recorder
from framebus.commands.recorder import described
from framebus.config.load import Config
from framebus.protocol.wire import decode
from tests.conftest import Configure, Start
from tests.framebus.golden.make import RECORDER
from tests.processes import DEADLINE_SECONDS, wait_until


def command(config: Config, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "framebus", "recorder", *arguments, "--config", str(config.path)],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )


@pytest.fixture
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of the machine is in force again afterwards."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_utc")
def test_the_state_in_words() -> None:
    assert described(RECORDER) == (
        "camera front: recording (motion, on-demand)\n"
        "started on demand, 12 s more\n"
        "1200 frames, 48.0 MB since the recorder started, 1 missed, 2 not written\n"
        "the disk holds 12.50 GB in 4321 files, since 2025-12-18 00:00:00, 0.10 GB of it marked to be kept"
    )


@pytest.mark.slow
def test_a_recording_is_started_stopped_and_kept(configure: Configure, start: Start, tmp_path: Path) -> None:
    config = configure(
        '[camera.front]\nsource = "testcard"\nsize = "320x240"\nrecord = "on-demand"\n'
        '[camera.back]\nsource = "testcard"\n'
        f'[recorder]\nfolder = "{tmp_path}/recordings"\nleave_free_gb = 0\n'
    )
    silent = command(config, "status", "front")
    assert (silent.returncode, silent.stdout) == (1, "")
    assert silent.stderr.startswith(f"no answer from the recorder at ipc://{config.run_dir}/recorder within 5 s")

    start("capture", "front", config=config)
    start("recorder", config=config).wait_for("records front to")
    started = command(config, "start", "front", "--seconds", "600")
    assert started.stdout.startswith("camera front: recording (on-demand)\nstarted on demand, 600 s more\n"), started
    wait_until(lambda: list((tmp_path / "recordings").rglob("*.mkv")), "it records")
    stopped = command(config, "stop", "front", "--json")
    assert decode(stopped.stdout.encode(), RecorderHeader).demanded is False
    assert command(config, "keep", "front", "2020-01-01", "2099-12-31T12:00").returncode == 0
    wait_until(lambda: list((tmp_path / "recordings").rglob("*_keep.mkv")), "it is kept")
    assert request_recorder("front", config=config.path).kept_bytes >= 0

    off = command(config, "start", "back")
    assert (off.returncode, off.stderr) == (1, "camera back is not recorded; set record in [camera.back]\n")
    with pytest.raises(RecorderError) as refused:
        request_recorder("back", "start", config=config.path)
    assert refused.value.code == "off"


@pytest.mark.medium
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["start", "attic"], "there is no camera attic; there is front"),
        (["keep", "front", "2026-01-02", "2026-01-01"], "keep: allowed with begin and end in Unix seconds"),
        (["keep", "front", "yesterday", "now"], "found 'yesterday'; allowed: a time such as 2026-01-31T14:00"),
        (["start", "front", "--seconds", "0"], "'0'; allowed: seconds, more than 0"),
    ],
)
def test_mistakes_of_the_caller(configure: Configure, arguments: list[str], text: str) -> None:
    found = command(configure(), *arguments)

    assert found.returncode == 2
    assert text in found.stderr


@pytest.mark.medium
def test_where_no_camera_is_recorded_the_key_is_named_at_once(configure: Configure) -> None:
    found = command(configure(), "start", "front")

    assert (found.returncode, found.stderr) == (1, "camera front is not recorded; set record in [camera.front]\n")


def test_arguments_are_checked() -> None:
    with pytest.raises(ArgumentError):
        request_recorder("front", "begin")  # type: ignore[arg-type]
