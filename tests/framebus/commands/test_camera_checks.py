"""The checks of cameras of `framebus doctor`: a running capture is asked, any other camera is tried."""

import os
import re
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from framebus.commands import camera_checks, diagnostics
from framebus.commands.findings import Finding
from framebus.config.load import Config
from framebus.protocol.wire import StatusHeader, pack
from framebus.runtime.run_dir import Lock
from framebus.transport import endpoints
from tests.conftest import Configure
from tests.curve import Strongbox
from tests.framebus.conftest import Publish
from tests.framebus.credentials.test_secrets_file import NOBODY, as_nobody
from tests.framebus.golden.make import STATUS

SILENT = Finding("wrong", "camera front: silent")


def status(**changes: Any) -> bytes:
    """What the capture of camera front says."""
    header: StatusHeader = msgspec.structs.replace(STATUS, **{"camera": "front", **changes})
    return pack("status", "front", header)


def finding_for(message: bytes, config: Config, publish: Publish) -> Finding:
    """Check a camera whose capture sends this message once it is asked."""
    endpoint = endpoints.frames(config, "front")
    publisher = publish(endpoint.endpoint)

    def answer() -> None:
        if publisher.subscription() == b"\x01status/front\n":
            publisher.send_message(message)

    thread = Thread(target=answer)
    thread.start()
    finding = camera_checks.from_status("front", endpoint, SILENT)
    thread.join()
    return finding


# A running capture


@pytest.mark.parametrize(
    ("losses", "text"),
    [
        ({"dropped": 0, "bad": 0}, ""),
        ({"dropped": 3, "bad": 0}, "; 3 frames of the camera were lost"),
        ({"dropped": 0, "bad": 7}, "; 7 were damaged"),
        ({"dropped": 3, "bad": 7}, "; 3 frames of the camera were lost; 7 were damaged"),
    ],
)
def test_a_camera_that_works_is_ok_with_what_it_has_lost(
    losses: dict[str, int], text: str, configure: Configure, publish: Publish
) -> None:
    message = status(state="live", reason="", source="testcard", width=640, height=480, fps=29.97, **losses)

    assert finding_for(message, configure(), publish) == Finding(
        "ok", f"camera front is live: testcard, 640x480 at 29.97 fps{text}"
    )


def test_a_camera_that_is_offline_is_wrong_with_its_reason(configure: Configure, publish: Publish) -> None:
    message = status(state="offline", reason="/dev/video0: in use by another program; end that")
    finding = finding_for(message, configure(), publish)

    assert finding.level == "wrong"
    assert re.fullmatch(
        r"camera front is offline since \d\d:\d\d:\d\d: /dev/video0: in use by another program; end that", finding.text
    )
    assert finding.advice == "to see which program that is, run: sudo fuser -v /dev/video0"


def test_another_program_at_the_endpoint_is_wrong(configure: Configure, publish: Publish) -> None:
    assert finding_for(b"status/front\n{}\n", configure(), publish) == Finding(
        "wrong",
        "camera front: another program publishes at its endpoint: StatusHeader: Object missing required field `v`",
    )


def test_a_capture_that_sends_no_status_is_wrong(configure: Configure) -> None:
    config = configure()
    with closing(Lock(config.run_dir, "front")):
        assert camera_checks.camera(config, "front", 0.01) == Finding(
            "wrong",
            "camera front: its process runs, but sends no status",
            "see its log; end that process, and supervisord starts it again",
        )


def test_a_camera_of_another_machine_that_sends_nothing_is_wrong(configure: Configure, free_port: int) -> None:
    config = configure(f'[camera.front]\nconnect = "tcp://127.0.0.1:{free_port}"\n')

    assert camera_checks.camera(config, "front", 0.01) == Finding(
        "wrong",
        f"camera front: nothing arrives from tcp://127.0.0.1:{free_port}",
        "check that framebus runs there and publishes camera front, and that no firewall is in between",
    )


def test_the_keys_of_both_machines_are_named(configure: Configure, run_dir: Path, free_port: int) -> None:
    box = Strongbox(run_dir / "framebus.secrets")
    connect = f'[camera.front]\nconnect = "tcp://127.0.0.1:{free_port}"\nserver_key = "{box.server.public}"\n'
    advice = camera_checks.camera(configure(connect), "front", 0.01).advice

    assert advice.endswith(
        f"; run there: framebus keys list; it has to list the key of this machine, {box.client.public}, "
        f"and its own has to be {box.server.public}"
    )


# A camera that is tried


def capture_that(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """A program that is run in place of Python, and so of capture."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "level", "text"),
    [
        ("echo opened; echo a picture", "ok", "a picture"),
        ("echo a picture; echo a warning >&2", "ok", "a picture"),
        ("echo no such device; exit 1", "wrong", "no such device"),
        ("echo Traceback >&2; echo KeyError >&2; exit 1", "wrong", "KeyError"),
        ("exit 2", "wrong", "no output"),
        ("kill -9 $$", "wrong", "no output"),
        (r"printf 'camera \377\n'; exit 1", "wrong", "camera \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_the_last_line_of_a_trial_is_its_result(
    script: str, level: str, text: str, configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    capture_that(monkeypatch, tmp_path, script)
    finding = camera_checks.tried(configure(), "front")

    assert (finding.level, finding.text, finding.advice) == (level, f"camera front: {text}", "")


@pytest.mark.slow
def test_a_trial_is_told_the_camera_and_the_configuration(
    configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    capture_that(monkeypatch, tmp_path, 'echo "$@"')
    config = configure()

    assert camera_checks.tried(config, "front").text == (
        f"camera front: -P -m capture front --try --config {config.path}"
    )


@pytest.mark.slow
def test_a_trial_that_hangs_is_ended(configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    capture_that(monkeypatch, tmp_path, "exec sleep 60")

    assert camera_checks.tried(configure(), "front", 0.05) == Finding(
        "wrong", "camera front: no answer within 0.05 s", "unplug it, and plug it in again"
    )


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        (
            "/dev/video0: in use by another program; end that, or name another one in `source`",
            "to see which program that is, run: sudo fuser -v /dev/video0",
        ),
        (
            "picamera2: in use by another program; end that (…)",
            "to see which program that is, run: sudo fuser -v /dev/media*",
        ),
        ("/dev/video0: in use by vlc (process 7); end that, or name another one in `source`", ""),
        ("/dev/video0: there is no such device", ""),
    ],
)
def test_a_camera_of_another_users_program_comes_with_the_command_that_finds_it(reason: str, advice: str) -> None:
    assert camera_checks.who_holds(reason) == advice


# The user


def test_a_run_dir_of_this_user_can_be_seen(configure: Configure) -> None:
    config = configure()
    assert camera_checks.can_see(config)
    assert camera_checks.other_user(config) == ""
    for file in config.run_dir.iterdir():
        file.unlink()
    config.run_dir.rmdir()
    assert camera_checks.can_see(config)
    assert camera_checks.other_user(config) == ""
    config.run_dir.mkdir()


@pytest.mark.root
def test_the_framebus_of_another_user_is_left_to_that_user(configure: Configure) -> None:
    config = configure()
    os.chown(config.run_dir, 1234, 1234)
    config.run_dir.chmod(0o711)
    with as_nobody():
        (found,) = diagnostics.folder(config)
        assert not camera_checks.can_see(config)
    assert found.level == "wrong"
    assert found.text == f"run_dir {config.run_dir} belongs to user 1234; allowed: a folder of user {NOBODY.pw_uid}"
    os.chown(config.run_dir, 0, 0)
    with as_nobody():
        (found,) = diagnostics.folder(config)
    assert found.advice == "to check the framebus of user root, run: sudo framebus doctor"
