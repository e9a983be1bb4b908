"""`framebus watch`: what a subscriber sees, a line a second."""

import argparse
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from framebus.client.subscriber import Subscriber
from framebus.commands import watch
from framebus.config.load import Config
from framebus.protocol.frame import Frame
from tests.conftest import Configure, Start
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import JPEG
from tests.framebus.publisher import frame_header
from tests.processes import DEADLINE_SECONDS, python

LINE = re.compile(r"front: +\d+\.\d fps, age +\d+\.\d ms \(at most \d+\.\d\), missed \d+, 320x240, \d+ kB, #\d+")

Command = Callable[..., int]


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure('[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\n')


@pytest.fixture
def command(config: Config) -> Command:
    """`framebus watch ARGUMENTS`; returns the exit status."""
    parser = argparse.ArgumentParser()
    watch.add(parser)
    parser.set_defaults(config=str(config.path))

    def run(*arguments: str, silence_seconds: float = 0.2) -> int:
        return watch.run(parser.parse_args(arguments), silence_seconds)

    return run


def frames(*seqs: int, period: float = 0.1, missed: int = 0) -> list[tuple[Frame, float]]:
    """Frames that arrive a period apart and 2 ms old, but for the first one, which is 250 ms old by then."""
    ages = [0.25, *[0.002] * (len(seqs) - 1)]
    return [(frame_of(seq, 100 + seq * period - age, missed), age) for seq, age in zip(seqs, ages, strict=True)]


def frame_of(seq: int, captured: float, missed: int) -> Frame:
    header = frame_header(seq, captured=captured, monotonic=captured, width=1280, height=720)
    return Frame(header, b"x" * 120_400, missed)


def test_a_line_has_rate_age_gaps_and_size() -> None:
    assert watch.describe(frames(1, 2, 3, 4, 5)) == (
        "front:  10.0 fps, age    2.0 ms (at most 250.0), missed 0, 1280x720, 120 kB, #5"
    )


def test_a_line_counts_missed_frames() -> None:
    assert ", missed 12, " in watch.describe(frames(4, 8, 12, missed=4))


def test_a_single_frame_gives_a_line() -> None:
    assert watch.describe(frames(7)) == (
        "front:   1.0 fps, age  250.0 ms (at most 250.0), missed 0, 1280x720, 120 kB, #7"
    )


def test_frames_of_one_moment_give_a_line() -> None:
    assert watch.describe(frames(1, 2, 3, period=0)).startswith("front:   3.0 fps, ")


@pytest.mark.slow
def test_a_line_collects_for_a_second(endpoint: str, publish: Publish) -> None:
    publisher = publish(endpoint)
    with Subscriber("front", endpoint=endpoint) as subscriber:
        publisher.subscription()
        publisher.send(1)
        before = time.monotonic()
        collected = watch.collect(subscriber)

        assert time.monotonic() - before > 0.9
        assert [(frame.seq, frame.jpeg) for frame, _ in collected] == [(1, JPEG)]
        assert all(0 <= age < DEADLINE_SECONDS for _, age in collected)


def test_a_real_camera_gives_lines(
    config: Config, start: Start, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    start("capture", "front", config=config)

    assert command("front", "-n", "2", silence_seconds=DEADLINE_SECONDS) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    assert [bool(LINE.fullmatch(line)) for line in output.splitlines()] == [True, True], output


def test_a_rendition_gives_lines(
    config: Config, start: Start, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    start("capture", "front", config=config)

    assert command("front", "--rendition", "quarter", "-n", "1", silence_seconds=DEADLINE_SECONDS) == 0
    assert ", 80x60, " in capsys.readouterr().out


def test_a_closed_pipe_ends_it_without_an_error(config: Config, start: Start) -> None:
    start("capture", "front", config=config)
    reader, writer = os.pipe()
    command = [*python("framebus", "watch", "front"), "--config", str(config.path)]
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert os.read(reader, 4096).startswith(b"front: ")
        os.close(reader)

        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, b"")


def test_ctrl_c_ends_it_without_an_error(config: Config, start: Start) -> None:
    start("capture", "front", config=config)
    command = [*python("framebus", "watch", "front"), "--config", str(config.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"front: ")
        process.send_signal(signal.SIGINT)

        _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, b"")


def test_silence_is_reported(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("front") == 1
    assert capsys.readouterr().err.startswith("no frame of camera front within 0.2 s")


def test_an_invalid_camera_name_is_refused(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("Front") == 2
    assert capsys.readouterr() == (
        "",
        "camera 'Front': allowed are 1 to 32 of a-z, 0-9, - and _, the first a letter or a digit\n",
    )


def test_mistakes_of_the_configuration_are_reported(
    command: Command, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert config.path
    config.path.write_text("[gateway]\nmax_viewers = 0\n")

    assert command("front") == 2
    assert capsys.readouterr() == (
        "",
        f"{config.path}: gateway.max_viewers: found 0; allowed: a whole number from 1 to 100000\n",
    )


def test_an_unknown_camera_is_refused_at_once(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("frnt") == 2
    assert capsys.readouterr().err == 'there is no camera frnt; there is front; did you mean "front"?\n'
