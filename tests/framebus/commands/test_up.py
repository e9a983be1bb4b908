"""`framebus up`: what is checked and written before it becomes supervisord. tests/e2e has the rest of its life."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import framebus
from framebus.commands import up
from framebus.config.load import Config, parse
from framebus.runtime import launch, refused_starts
from framebus.runtime.process import EXIT_USAGE
from framebus.runtime.run_dir import RunDirError
from framebus.supervision.writing import PROGRAM_SECTION
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, wait_until

TWO_CAMERAS = '[camera.front]\nsource = "testcard"\n[camera.back-door]\nsource = "testcard"\n'

LAUNCH = '"%(ENV_FRAMEBUS_PYTHON)s" -P -S "%(ENV_FRAMEBUS_LAUNCHER)s" -m'


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO_CAMERAS)


# What it refuses


def test_mistakes_of_the_configuration_are_said(run_dir: Path, start: Start) -> None:
    file = run_dir / "framebus.toml"
    file.write_text("[camera.front]\nfps = 0\nquality = 0\n")

    running = start("framebus", "up", "--config", str(file))

    assert running.ended() == 2
    assert running.log == (
        f"{file}: camera.front.fps: found 0; allowed: frames a second, more than 0 and at most 240\n"
        f"{file}: camera.front.quality: found 0; allowed: a whole number from 1 to 100\n"
    )


def test_a_run_dir_that_will_not_do_is_said(config: Config, start: Start) -> None:
    config.run_dir.chmod(0o777)

    running = start("framebus", "up", config=config)

    assert running.ended() == 1
    assert running.log == (
        f"run_dir {config.run_dir} can be written to by others (mode 0777); run: chmod 700 {config.run_dir}\n"
    )


def test_a_second_one_with_the_same_run_dir_is_refused(config: Config, start: Start) -> None:
    with socket.socket(socket.AF_UNIX) as first:
        first.bind(str(config.run_dir / "supervisor.sock"))
        first.listen()
        running = start("framebus", "up", config=config)

        assert running.ended() == 1
    assert running.log == (
        f"framebus runs already with run_dir {config.run_dir}; stop that one first, or name another run_dir\n"
    )
    assert not (config.run_dir / "cameras.conf").exists()


def test_a_socket_that_was_left_over_is_no_obstacle(run_dir: Path) -> None:
    path = run_dir / "supervisor.sock"
    up.check_free(path)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    up.check_free(path)


# What it becomes


def test_supervisord_is_told_where_everything_is(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")
    told = up.environment(config)

    assert {key: told[key] for key in told if key.startswith("FRAMEBUS_")} == {
        "FRAMEBUS_PYTHON": sys.executable,
        "FRAMEBUS_LAUNCHER": launch.__file__,
        "FRAMEBUS_RUN_DIR": str(config.run_dir),
        "FRAMEBUS_SUPERVISOR": str(os.getpid()),
        "FRAMEBUS_CONFIG": str(config.run_dir / "checked.toml"),
        "FRAMEBUS_ORIGINAL_CONFIG": str(config.path),
        "FRAMEBUS_RUNNING_VERSION": framebus.__version__,
    }
    assert (told["PYTHONUNBUFFERED"], told["PYTHONSAFEPATH"], told["LANG"]) == ("1", "1", "C.UTF-8")


def test_the_original_is_found_from_any_working_directory(monkeypatch: pytest.MonkeyPatch, run_dir: Path) -> None:
    monkeypatch.chdir(run_dir)
    config = parse({}, Path("my.toml"))

    assert up.environment(config)["FRAMEBUS_ORIGINAL_CONFIG"] == str(run_dir / "my.toml")


@pytest.mark.parametrize(
    ("before", "after"), [("", None), (":/opt/a", "/opt/a"), ("/opt/a::/opt/b:", "/opt/a:/opt/b"), ("/opt/a", "/opt/a")]
)
def test_the_processes_get_no_python_path_that_means_the_current_folder(
    before: str, after: str | None, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", before)

    assert up.environment(config).get("PYTHONPATH") == after


def test_a_user_without_a_name_may_run_supervisord(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert up.command()[-2:] == ["--user", "0"]

    monkeypatch.setattr(os, "geteuid", lambda: 3_000_000)
    assert "--user" not in up.command()


def test_every_python_is_started_without_the_current_folder_on_its_path() -> None:
    commands = re.findall(r"^command = (.*)", up.supervisord_conf().read_text() + PROGRAM_SECTION, re.M)

    assert len(commands) == 3
    assert all(" -P " in command for command in (*commands, " ".join(up.command())))


def test_supervisord_conf_is_there() -> None:
    assert "[supervisord]" in up.supervisord_conf().read_text()


def test_the_variables_of_supervisord_conf_are_those_that_it_gets(config: Config) -> None:
    text = up.supervisord_conf().read_text() + PROGRAM_SECTION
    wanted = {word.partition(")s")[0] for word in text.split("%(ENV_")[1:]}

    assert wanted <= set(up.environment(config))
    assert wanted == {"FRAMEBUS_PYTHON", "FRAMEBUS_LAUNCHER", "FRAMEBUS_RUN_DIR"}


# Where its children's lines go

PRINT = """
import os
from framebus.commands.up import let_many_write
from supervisor.loggers import FileHandler

let_many_write(1)
os.write(1, b"one\\n")
log_of_a_child = FileHandler("/dev/fd/1").stream
log_of_a_child.write(b"two\\n")
log_of_a_child.close()
os.write(1, b"three\\n")
"""
PRINTED = "one\ntwo\nthree\n"


def run_print(stdout: int) -> None:
    """As supervisord writes: by itself, and through a file of its own for each child."""
    subprocess.run([sys.executable, "-c", PRINT], stdout=stdout, check=True, timeout=DEADLINE_SECONDS)


@pytest.mark.medium
def test_lines_into_a_file_do_not_overwrite_each_other(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as log:
        run_print(log.fileno())

    assert path.read_text() == PRINTED


@pytest.mark.medium
def test_lines_reach_a_socket_such_as_the_journal() -> None:
    near, far = socket.socketpair()
    near.settimeout(DEADLINE_SECONDS)
    run_print(far.fileno())
    far.close()

    with near, contextlib.closing(near.makefile()) as lines:
        assert lines.read() == PRINTED


JOURNAL_LINES = """
import os
from framebus.commands.up import let_many_write
stream = os.fstat(1)
os.environ["JOURNAL_STREAM"] = f"{stream.st_dev}:{stream.st_ino}"
let_many_write(1)
print("2026-11-29 01:02:03,456 WARN exited: gateway (terminated by SIGKILL; not expected)")
print("2026-11-29 01:02:03,456 WARN received SIGTERM indicating exit request")
print("2026-11-29 01:02:03,456 CRIT no user")
print("2026-11-29 01:02:03,456 INFO spawned")
print("<4>gateway: a warning")
print("framebus starts")
print("Traceback (most recent call last):")
print("  File x")
print("ModuleNotFoundError: No module named 'zmq'")
print("after")
"""


@pytest.mark.medium
def test_lines_in_the_journal_have_their_levels() -> None:
    near, far = socket.socketpair()
    near.settimeout(DEADLINE_SECONDS)
    subprocess.run([sys.executable, "-c", JOURNAL_LINES], stdout=far.fileno(), check=True, timeout=DEADLINE_SECONDS)
    far.close()

    with near, contextlib.closing(near.makefile()) as lines:
        assert lines.read().splitlines() == [
            "<4>supervisord: exited: gateway (terminated by SIGKILL; not expected)",
            "<6>supervisord: received SIGTERM indicating exit request",
            "<3>supervisord: no user",
            "<6>supervisord: spawned",
            "<4>gateway: a warning",
            "framebus starts",
            "<3>Traceback (most recent call last):",
            "<3>  File x",
            "<3>ModuleNotFoundError: No module named 'zmq'",
            "after",
        ]


REFUSED_AS_A_SERVICE = """
import os, sys
stream = os.fstat(2)
os.environ |= {"JOURNAL_STREAM": f"{stream.st_dev}:{stream.st_ino}", "INVOCATION_ID": "1"}
from framebus.__main__ import main
sys.argv[1:] = ["up", "--config", sys.argv[1]]
sys.exit(main())
"""
SHORTER_THAN_THE_PAUSE_SECONDS = 45


@pytest.mark.slow
def test_a_service_waits_with_a_mistake_only_when_systemd_repeats_the_start(tmp_path: Path) -> None:
    assert SHORTER_THAN_THE_PAUSE_SECONDS < up.REFUSED_PAUSE_SECONDS
    file, noted = tmp_path / "framebus.toml", tmp_path / "state" / refused_starts.FILE_NAME
    file.write_text("mistake = 1\n")
    noted.parent.mkdir()
    command = [sys.executable, "-P", "-c", REFUSED_AS_A_SERVICE, str(file)]
    environment = {**os.environ, "STATE_DIRECTORY": str(noted.parent)}

    def start_by_a_person() -> None:
        done = subprocess.run(
            command, env=environment, stderr=subprocess.PIPE, text=True, timeout=SHORTER_THAN_THE_PAUSE_SECONDS
        )
        assert done.returncode == EXIT_USAGE
        assert done.stderr.startswith(f"<3>{file}: mistake: ")
        assert noted.exists()

    start_by_a_person()
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as repeated:
        wait_until(lambda: not noted.exists(), "the start that is repeated")
        repeated.terminate()
        assert repeated.wait(DEADLINE_SECONDS) == -signal.SIGTERM
    start_by_a_person()


@pytest.mark.slow
def test_lines_into_a_pipe_need_nothing() -> None:
    reader, writer = os.pipe()
    run_print(writer)
    os.close(writer)

    with open(reader) as lines:
        assert lines.read() == PRINTED


def test_a_run_dir_too_long_for_supervisord_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * (90 - len(str(tmp_path))))
    with pytest.raises(RunDirError) as error:
        up.check_free(folder / "supervisor.sock")
    assert str(error.value) == (
        f"run_dir {folder} makes socket paths of 115 bytes; allowed: at most 107 (a limit of Linux). "
        "Name a shorter one in framebus.toml"
    )


@pytest.mark.parametrize(("name", "special"), [("my run", "' '"), ("r[ab]", "'['"), ("r;x", "';'"), ("r*", "'*'")])
def test_a_run_dir_that_supervisord_would_misread_is_refused(name: str, special: str) -> None:
    with pytest.raises(RunDirError) as error:
        up.check_plain(Path("/tmp", name))
    assert str(error.value) == (
        f"run_dir /tmp/{name} has {special} in it; allowed: a folder without blanks and * ? [ ] ; "
        "as supervisord needs it"
    )
