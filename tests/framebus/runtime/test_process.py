"""How every process starts, says what happens, and ends: real ones, whose body is a deed of tests.framebus.program."""

import logging
import os
import re
import select
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from framebus.config.load import Config
from framebus.runtime.command_line import arguments
from framebus.runtime.log import OneLineFormatter
from framebus.runtime.process import Stop
from tests.conftest import Configure, Start
from tests.framebus.program import PAUSE_SECONDS
from tests.processes import DEADLINE_SECONDS, Running, is_gone, python, wait_until

PROGRAM = "tests.framebus.program"
SUPERVISED = {"SUPERVISOR_ENABLED": "1"}
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ([A-Z]+) program: (.*)")


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


def said(log: str) -> list[tuple[str, ...]]:
    """Level and text of each line; fails at a line of another form."""
    lines = [LINE.fullmatch(line) for line in log.splitlines()]
    assert all(lines), log
    return [line.groups() for line in lines if line]


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals, config: Config, start: Start) -> None:
    running = start(PROGRAM, "wait", config=config)
    running.wait_for("ready")

    os.kill(running.pid, number)

    assert running.ended() == 0
    assert said(running.log) == [("INFO", "ready"), ("INFO", "stopped")]


def test_a_second_signal_ends_it_at_once(config: Config, start: Start) -> None:
    running = start(PROGRAM, "hang", config=config)
    running.wait_for("ready")
    running.process.terminate()
    running.wait_for("asked")

    assert running.terminate() == 128 + signal.SIGTERM
    assert said(running.log) == [("INFO", "ready"), ("INFO", "asked")]


def test_a_reason_to_end_is_one_sentence(config: Config, start: Start) -> None:
    running = start(PROGRAM, "fail", config=config)

    assert running.ended() == 1
    assert said(running.log) == [("ERROR", "the camera is gone; is the cable in?")]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("capture", "front"), ("gateway",), ("snapshot",)])
def test_too_few_file_descriptors_are_one_sentence(arguments: tuple[str, ...], config: Config, tmp_path: Path) -> None:
    """With fewer than it needs, libzmq would abort the process."""
    command = ("prlimit", "--nofile=18:18", *python(*arguments, "--config", str(config.path)))
    running = Running(*command, log=tmp_path / "log", environment=SUPERVISED)
    try:
        assert running.ended() == 1
        sentence = "too many files are open, of which 18 are allowed; raise the limit (ulimit -n, LimitNOFILE=)"
        assert f": {sentence}\n" in running.log
        assert "Traceback" not in running.log
    finally:
        running.close()


def test_a_bug_is_one_line_with_its_traceback(config: Config, start: Start) -> None:
    running = start(PROGRAM, "crash", config=config)

    assert running.ended() == 1
    [(level, line)] = said(running.log)
    assert level == "ERROR"
    assert line.startswith("unexpected failure | Traceback (most recent call last): | ")
    assert line.endswith(" | ZeroDivisionError: of our own | making")


def test_every_mistake_of_the_configuration_is_a_line(run_dir: Path, start: Start) -> None:
    file = run_dir / "framebus.toml"
    file.write_text("[gateway]\nmax_viewers = 0\n[snapshot]\nstale_after = 0\n")

    running = start(PROGRAM, "wait", "--config", str(file))

    assert running.ended() == 2
    assert said(running.log) == [
        ("ERROR", f"{file}: gateway.max_viewers: found 0; allowed: a whole number from 1 to 100000"),
        ("ERROR", f"{file}: snapshot.stale_after: found 0; allowed: seconds, more than 0 and at most 86400"),
    ]


def test_a_run_dir_that_will_not_do_is_a_line(config: Config, start: Start) -> None:
    config.run_dir.chmod(0o777)

    running = start(PROGRAM, "wait", config=config)

    assert running.ended() == 1
    assert said(running.log) == [
        (
            "ERROR",
            f"run_dir {config.run_dir} can be written to by others (mode 0777); run: chmod 700 {config.run_dir}",
        )
    ]


def test_an_unknown_argument_is_misuse(start: Start) -> None:
    running = start(PROGRAM, "wait", "--colour")

    assert running.ended() == 2
    assert running.log.endswith("program: error: unrecognized arguments: --colour\n")


# Under supervisord


def test_one_that_cannot_start_does_not_end_at_once_to_be_started_again(config: Config, start: Start) -> None:
    before = time.monotonic()
    running = start(PROGRAM, "fail", config=config, environment=SUPERVISED)

    assert running.ended() == 1
    assert time.monotonic() - before > PAUSE_SECONDS


def test_it_does_not_look_for_garbage_when_it_ends(config: Config, start: Start) -> None:
    running = start(PROGRAM, "leave_garbage", config=config, environment=SUPERVISED)
    assert running.ended() == 0
    assert "stopped" in running.log
    assert "collected" not in running.log
    alone = start(PROGRAM, "leave_garbage", config=config)
    assert alone.ended() == 0
    assert "collected" in alone.log


def test_a_signal_cuts_that_pause_short(config: Config, start: Start) -> None:
    running = start(PROGRAM, "fail_late", config=config, environment=SUPERVISED)
    running.wait_for("the camera is gone; is the cable in?")

    assert running.terminate() == 1


@pytest.mark.parametrize(
    ("deed", "last_words"),
    [
        ("wait", [("ERROR", "supervisord is gone: stopping"), ("INFO", "stopped")]),
        ("hang", [("ERROR", "supervisord is gone: stopping"), ("INFO", "asked")]),
    ],
)
def test_an_orphan_ends_by_itself_even_when_it_hangs(
    deed: str, last_words: list[tuple[str, str]], config: Config, start: Start
) -> None:
    parent = start(PROGRAM, deed, "--parent", config=config, environment=SUPERVISED)
    parent.wait_for("ready")
    child = re.match(r"child (\d+)\n", parent.log)
    assert child
    assert not is_gone(int(child[1]))

    os.kill(parent.pid, signal.SIGKILL)

    wait_until(lambda: is_gone(int(child[1])), "the orphan ends")
    assert said(parent.log[child.end() :]) == [("INFO", "ready"), *last_words]


def test_who_is_not_under_supervisord_outlives_its_parent(config: Config, start: Start) -> None:
    parent = start(PROGRAM, "wait", "--parent", config=config)
    parent.wait_for("ready")
    child = re.match(r"child (\d+)\n", parent.log)
    assert child

    os.kill(parent.pid, signal.SIGKILL)
    parent.ended()
    os.kill(int(child[1]), signal.SIGTERM)

    wait_until(lambda: is_gone(int(child[1])), "the child ends")
    assert said(parent.log[child.end() :]) == [("INFO", "ready"), ("INFO", "stopped")]


# Its log


def test_a_message_of_many_lines_becomes_one(config: Config, start: Start) -> None:
    running = start(PROGRAM, "speak", config=config)

    assert running.ended() == 0
    assert said(running.log) == [("WARNING", "one | two |  | three"), ("INFO", "stopped")]


def test_a_line_has_time_level_and_process() -> None:
    record = logging.LogRecord("any", logging.INFO, "file.py", 1, "%s is %s", ("front", "live"), None)

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO capture-front: front is live",
        OneLineFormatter("capture-front").format(record),
    )


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("GET /stream?token=fb_secret&x=1", "GET /stream?token=…&x=1"),
        ("HTTPServerRequest(uri='/?a=b&token=fb_secret', version='HTTP/1.1')", "(uri='/?a=b&token=…', version="),
        ("Authorization: Bearer fb_secret", "Authorization: Bearer …"),
        ("a token is none, from 192.0.2.1", "a token is none, from 192.0.2.1"),
    ],
)
def test_no_token_of_a_url_is_in_the_log(said: str, logged: str) -> None:
    line = OneLineFormatter("gateway").format(logging.LogRecord("x", logging.ERROR, "", 0, "%s", (said,), None))
    assert logged in line
    assert "fb_secret" not in line


@pytest.mark.medium
def test_a_closed_log_pipe_does_not_end_the_process(config: Config, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with (tmp_path / "stderr").open("w+") as errors:
        process = subprocess.Popen(
            [*python(PROGRAM, "wait"), "--config", str(config.path)], stdout=writer, stderr=errors
        )
        os.close(writer)
        assert b"ready" in os.read(reader, 4096)
        os.close(reader)

        process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 0
        errors.seek(0)
        assert errors.read() == ""


# What it leaves on the disk


def test_what_it_makes_is_for_this_user_alone(config: Config, start: Start) -> None:
    assert start(PROGRAM, "touch", config=config).ended() == 0

    assert stat.S_IMODE((config.run_dir / "touched").stat().st_mode) == 0o600


# Stop


def test_a_stop_is_readable_once_it_was_requested() -> None:
    stop = Stop()
    states = [(stop.requested, select.select([stop], [], [], 0)[0])]

    stop.request()

    states.append((stop.requested, select.select([stop], [], [], 0)[0]))
    assert states == [(False, []), (True, [stop])]


# Arguments


def test_the_configuration_can_be_named() -> None:
    parser = arguments("capture", "Own one camera.")

    assert parser.parse_args([]).config is None
    assert parser.parse_args(["--config", "my.toml"]).config == "my.toml"
