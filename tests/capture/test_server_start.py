"""What capture refuses at its start, and how it ends: one sentence each."""

import signal
import socket
from pathlib import Path

import pytest

from tests.capture.listener import Listener
from tests.capture.published import FRONT, last_line, published
from tests.conftest import Configure, Start
from tests.processes import wait_until


def test_a_second_capture_of_a_camera_ends_and_the_first_goes_on(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 10")
    first = published(start, config)
    with Listener(config, "live") as live:
        before = live.frame()
        second = start("capture", "front", config=config)
        assert second.ended() == 1
        assert last_line(second) == (
            f"ERROR capture-front: front already runs as process {first.pid} with run_dir {config.run_dir}; "
            "stop that one first, or give this one another run_dir"
        )
        seqs = [live.frame().seq for _ in range(15)]
        assert seqs[-1] - seqs[0] == 14
        assert live.frame().epoch == before.epoch
    assert "Traceback" not in second.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_and_leaves_the_endpoint_free(
    number: signal.Signals, configure: Configure, start: Start
) -> None:
    config = configure(FRONT)
    running = published(start, config)
    with Listener(config, "live") as live:
        epoch = live.frame().epoch
        running.process.send_signal(number)
        assert running.ended() == 0
        assert last_line(running) == "INFO capture-front: stopped"
        published(start, config)
        wait_until(lambda: live.frame().epoch != epoch, "frames of the second run")


def test_at_once_asked_to_end_it_ends(configure: Configure, start: Start) -> None:
    running = published(start, configure(FRONT))
    assert running.terminate() == 0


def test_a_camera_that_is_not_configured_is_named_with_those_that_are(configure: Configure, start: Start) -> None:
    running = start("capture", "frnt", config=configure(FRONT + "[camera.garden]\n"))
    assert running.ended() == 2
    assert last_line(running) == (
        "ERROR capture-frnt: camera 'frnt' is not configured; there is front, garden; did you mean \"front\"?"
    )


def test_whatever_the_name_it_is_one_line(configure: Configure, start: Start) -> None:
    running = start("capture", "a\nb", config=configure(FRONT))
    assert running.ended() == 2
    assert last_line(running) == "ERROR capture-a | b: camera 'a\\nb' is not configured; there is front"


def test_without_a_name_it_says_how_it_is_called(start: Start) -> None:
    running = start("capture")
    assert running.ended() == 2
    assert "usage: capture [-h] [--config FILE] [--try] NAME" in running.log


def test_every_mistake_in_the_configuration_is_named(run_dir: Path, start: Start) -> None:
    file = run_dir / "wrong.toml"
    file.write_text('[camera.front]\nsize = "big"\nfps = 0\n')
    running = start("capture", "front", "--config", str(file))
    assert running.ended() == 2
    assert [line[24:] for line in running.log.splitlines()] == [
        f'ERROR capture-front: {file}: camera.front.size: found "big"; '
        'allowed: WIDTHxHEIGHT in pixels, each from 16 to 8192, such as "1280x720"',
        f"ERROR capture-front: {file}: camera.front.fps: found 0; "
        "allowed: frames a second, more than 0 and at most 240",
    ]


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("taken/deeper", "Not a directory"), ("/proc/framebus", "No such file or directory")],
)
def test_a_run_dir_that_cannot_be_made_is_named(folder: str, reason: str, run_dir: Path, start: Start) -> None:
    (run_dir / "taken").write_text("")
    file = run_dir / "framebus.toml"
    file.write_text(f'run_dir = "{folder}"\n{FRONT}')
    running = start("capture", "front", "--config", str(file))
    assert running.ended() == 1
    assert last_line(running) == (
        f"ERROR capture-front: run_dir {run_dir / folder} cannot be made: {reason}. Name another in framebus.toml"
    )


def test_a_run_dir_that_others_may_write_to_is_refused(configure: Configure, start: Start, run_dir: Path) -> None:
    config = configure(FRONT)
    run_dir.chmod(0o777)
    running = start("capture", "front", config=config)
    assert running.ended() == 1
    assert last_line(running) == (
        f"ERROR capture-front: run_dir {run_dir} can be written to by others (mode 0777); run: chmod 700 {run_dir}"
    )


@pytest.mark.parametrize(
    ("in_the_way", "sentence"),
    [
        ("front.lock", "{run_dir}/front.lock cannot be opened: Is a directory"),
        ("front.frames", "cannot publish at ipc://{run_dir}/front.frames: Address already in use"),
    ],
)
def test_what_is_in_the_way_is_named(
    in_the_way: str, sentence: str, configure: Configure, start: Start, run_dir: Path
) -> None:
    config = configure(FRONT)
    (run_dir / in_the_way).mkdir()
    running = start("capture", "front", config=config)
    assert running.ended() == 1
    assert running.log[24:] == f"ERROR capture-front: {sentence.format(run_dir=run_dir)}\n"


def test_a_tcp_port_in_use_is_said(configure: Configure, start: Start, free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    config = configure(f'[camera.front]\nsource = "testcard"\npublish = "{endpoint}"\n')
    with socket.create_server(("127.0.0.1", free_port)):
        capture = start("capture", "front", config=config)
        assert capture.ended() == 1
    assert capture.log.rstrip().endswith(f"ERROR capture-front: cannot publish at {endpoint}: Address already in use")
