"""A running framebus goes on with its own copy of the configuration, and so do commands and programs."""

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus import Subscriber
from framebus.__main__ import main
from framebus.config import running_copy
from framebus.config.checked_copy import FILE_NAME, Original, copy_of
from framebus.config.load import ConfigError
from tests.framebus.conftest import Publish
from tests.processes import DEADLINE_SECONDS

UNFINISHED = "[camera.front]\nfps = \n"


@pytest.fixture
def file(tmp_path: Path, run_dir: Path) -> Path:
    """The configuration with which a framebus runs."""
    file = tmp_path / "framebus.toml"
    text = f'run_dir = "{run_dir}"\n[camera.front]\nsource = "testcard"\n'
    file.write_text(text)
    (run_dir / FILE_NAME).write_bytes(copy_of(text.encode(), Original(file, tmp_path)))
    return file


@pytest.fixture
def _running(run_dir: Path) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.bind(str(run_dir / running_copy.SUPERVISOR_SOCKET))
        supervisor.listen()
        yield


def edited(file: Path, text: str) -> None:
    file.write_text(f"{file.read_text().splitlines()[0]}\n{text}")


@pytest.mark.usefixtures("_running")
def test_an_unfinished_edit_is_passed_over_and_that_is_said_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    edited(file, UNFINISHED)
    with caplog.at_level(logging.WARNING, "framebus"):
        assert running_copy.load(file).cameras["front"].source.kind == "testcard"
        running_copy.load(file)
    [record] = caplog.records
    assert record.message.startswith(f"{file}: line 3")
    assert record.message.endswith("\nThe configuration with which framebus was started is used instead.")


@pytest.mark.usefixtures("_running")
@pytest.mark.parametrize("mistake", ["[camera.front]\nfps = -1\n", "fps = 3\n", "[[[", '[camera.front]\nsource = "xy'])
def test_any_mistake_is_passed_over(mistake: str, file: Path) -> None:
    edited(file, mistake)
    assert list(running_copy.load(file).cameras) == ["front"]


def test_a_pipe_in_place_of_the_file_or_of_its_secrets_ends_a_command_at_once(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = file.with_name("framebus.secrets")
    os.mkfifo(secrets)
    monkeypatch.setattr("sys.argv", ["framebus", "--config", str(file), "link", "anna"])
    assert main() == 1
    assert capsys.readouterr().err == f"{secrets} cannot be read: found a device or a pipe; allowed: a file\n"
    file.unlink()
    os.mkfifo(file)
    for command in (["status"], ["doctor"], ["passwd", "anna"], ["camera", "remove", "front"], ["open"], ["up"]):
        monkeypatch.setattr("sys.argv", ["framebus", "--config", str(file), *command])
        assert main() == 2
        assert f"{file}: found a device or a pipe; allowed: a file\n" in "".join(capsys.readouterr())


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_in_the_current_folder_is_refused_and_not_passed_over(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FRAMEBUS_CONFIG", raising=False)
    here = Path("framebus.toml")
    here.mkdir() if kind == "folder" else os.mkfifo(here)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)  # root asks about a framebus that runs, such as another test's
    with pytest.raises(ConfigError, match=r"^framebus.toml: found .*; allowed: a file$"):
        running_copy.load()
    monkeypatch.setattr("sys.argv", ["framebus", "status"])
    assert main() == 2
    assert "framebus.toml: found " in capsys.readouterr().err


@pytest.mark.usefixtures("_running")
def test_a_camera_that_was_renamed_is_still_found(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    edited(file, '[camera.garden]\nsource = "testcard"\n')
    assert list(running_copy.load(file, camera="front").cameras) == ["front"]
    assert f"{file} no longer has a camera front\n" in caplog.text
    assert list(running_copy.load(file, camera="garden").cameras) == ["garden"]
    assert list(running_copy.load(file).cameras) == ["garden"]


@pytest.mark.usefixtures("_running")
def test_a_file_without_mistakes_counts(file: Path) -> None:
    edited(file, '[camera.front]\nsource = "testcard"\nfps = 7\n')
    assert running_copy.load(file, camera="front").cameras["front"].fps == 7


def test_the_copy_of_a_framebus_that_has_ended_is_not_used(file: Path) -> None:
    edited(file, UNFINISHED)
    with pytest.raises(ConfigError, match="line 3"):
        running_copy.load(file)


@pytest.mark.usefixtures("_running")
def test_the_copy_of_another_file_is_not_used(file: Path, run_dir: Path) -> None:
    other = file.with_name("other.toml")
    other.write_text(f'run_dir = "{run_dir}"\n{UNFINISHED}')
    with pytest.raises(ConfigError, match="line 3"):
        running_copy.load(other)


@pytest.mark.usefixtures("_running")
def test_a_copy_in_the_default_folder_is_found(
    file: Path, run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "framebus").symlink_to(run_dir)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file.write_text(UNFINISHED)
    assert list(running_copy.load(file).cameras) == ["front"]


@pytest.mark.usefixtures("_running")
def test_a_subscriber_gets_frames_during_an_unfinished_edit(file: Path, publish: Publish, endpoint: str) -> None:
    publisher = publish(endpoint)
    edited(file, UNFINISHED)
    with Subscriber("front", config=file, timeout=DEADLINE_SECONDS) as subscriber:
        assert publisher.subscription() == b"\1live/front\n"
        publisher.send(1)
        assert subscriber.receive().seq == 1


@pytest.mark.usefixtures("_running")
def test_the_doctor_names_the_mistakes_and_goes_on(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edited(file, UNFINISHED)
    monkeypatch.setattr("sys.argv", ["framebus", "doctor", "--config", str(file)])
    assert main() == 1
    said = capsys.readouterr().out
    assert f"WRONG {file}: line 3" in said
    assert f"note  {running_copy.USED_INSTEAD}\n" in said
    assert "1 problem found." in said
    assert os.path.basename(file) in said
