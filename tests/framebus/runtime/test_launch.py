"""A process that keeps crashing starts again later and later, and fills no disk with its log."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from framebus.runtime import launch
from framebus.runtime.launch import count, delay_seconds, is_quiet, python_path, record_of, write
from tests.conftest import Configure
from tests.processes import DEADLINE_SECONDS, Running, is_gone, wait_until

DAY_SECONDS = 86400


def test_the_delay_grows_to_half_a_minute() -> None:
    assert [delay_seconds(crashes) for crashes in range(10)] == [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]
    assert delay_seconds(10**9) == 30


def test_a_crash_loop_starts_quietly_but_for_one_start_in_twenty() -> None:
    assert not any(is_quiet(crashes) for crashes in range(11))
    assert [crashes for crashes in range(11, 61) if not is_quiet(crashes)] == [20, 40, 60]


def test_crashes_are_counted_until_a_healthy_minute(tmp_path: Path) -> None:
    record = str(tmp_path / "new" / "gateway.starts")
    assert count(record, 5.0) == 0
    write(record, 0, 5.0)
    assert count(record, 64.9) == 1
    write(record, 12345, 64.0)
    assert count(record, 65.0) == 12346
    write(record, 1, 65.0)
    assert count(record, 66.0) == 2, "a shorter record replaces a longer one"
    assert count(record, 125.0) == 0
    assert count(record, 3.0) == 0, "the machine was started again"


@pytest.mark.parametrize("content", ["", "x", "1", "a b", "1 2 3", "\0" * 64, "1 nan"])
def test_a_damaged_record_counts_as_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "x.starts").write_text(content)

    assert count(str(tmp_path / "x.starts"), 5.0) == 0


def test_each_process_has_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEBUS_RUN_DIR", "/run/x")
    assert record_of(["-m", "gateway"]) == "/run/x/gateway.starts"
    assert record_of(["-m", "gateway", "--worker", "1"]) == "/run/x/gateway-1.starts"
    assert record_of(["-m", "capture", "front"]) == "/run/x/capture-front.starts"


def start(run_dir: Path, log: Path, *arguments: str, python_path: Path | None = None, **environment: str) -> Running:
    more = {"FRAMEBUS_RUN_DIR": str(run_dir), "SUPERVISOR_ENABLED": "1", **environment}
    if python_path is not None:
        more["PYTHONPATH"] = f"{python_path}:{os.environ.get('PYTHONPATH', '')}"
    return Running(sys.executable, "-P", "-S", launch.__file__, "-m", *arguments, log=log, environment=more)


CRASHES = {
    "exception": "raise ZeroDivisionError",
    "exit": "raise SystemExit(1)",
    "segfault": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "oom": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "import": "import a_module_that_is_not_installed",
}


@pytest.mark.slow
@pytest.mark.parametrize("crash", CRASHES)
def test_every_kind_of_crash_counts(crash: str, run_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "crasher.py").write_text(CRASHES[crash])
    for expected in (0, 1, 2):
        with contextlib.closing(start(run_dir, tmp_path / "log", "crasher", python_path=tmp_path)) as running:
            assert running.ended() != 0
        assert (run_dir / "crasher.starts").read_text().split()[0] == str(expected)
    assert "crasher: 2 crashes in a row, each within 60 s of its start; it starts again in 1 s\n" in running.log


@pytest.mark.medium
def test_the_reason_of_an_earlier_end_is_not_that_of_the_next(run_dir: Path, tmp_path: Path) -> None:
    """As a process leaves it that fails while it is stopped: supervisord does not ask why."""
    (run_dir / "crasher.starts.why").write_text("the disk is full")
    (tmp_path / "crasher.py").write_text(CRASHES["oom"])
    with contextlib.closing(start(run_dir, tmp_path / "log", "crasher", python_path=tmp_path)) as running:
        assert running.ended() != 0
    assert [file.name for file in run_dir.glob("crasher*")] == ["crasher.starts"]


@pytest.mark.medium
def test_a_process_that_ends_as_asked_has_not_crashed(configure: Configure, tmp_path: Path) -> None:
    config = configure()
    name = "tests.framebus.program"
    with contextlib.closing(
        start(config.run_dir, tmp_path / "log", name, "wait", "--config", str(config.path))
    ) as running:
        running.wait_for("ready")
        assert list(config.run_dir.glob("*.starts"))
        assert running.terminate() == 0
    assert not list(config.run_dir.glob("*.starts"))


@pytest.mark.medium
def test_a_wait_ends_with_supervisord(run_dir: Path, tmp_path: Path) -> None:
    write(str(run_dir / "gateway.starts"), 20, time.monotonic())
    command = [sys.executable, "-P", "-S", launch.__file__, "-m", "gateway"]
    environment = "dict(os.environ, FRAMEBUS_SUPERVISOR=str(os.getpid()))"
    child = f"subprocess.Popen({command}, env={environment})"
    script = f"import os, subprocess, time; print({child}.pid, flush=True); time.sleep(60)"
    run_dir_of = {"FRAMEBUS_RUN_DIR": str(run_dir)}
    with contextlib.closing(
        Running(sys.executable, "-c", script, log=tmp_path / "log", environment=run_dir_of)
    ) as parent:
        wait_until(lambda: parent.log, "the number of the launcher")
        launcher = int(parent.log.split()[0])
        parent.process.kill()
        parent.ended()
        wait_until(lambda: is_gone(launcher), "the end of the launcher")


@pytest.mark.medium
def test_an_installed_framebus_runs_its_own_process_and_no_other_of_that_name(tmp_path: Path) -> None:
    """As the wheel has it: framebus/runtime/launch.py, and framebus/processes with a package for each process."""
    package = tmp_path / "site-packages" / "framebus"
    (package / "runtime").mkdir(parents=True)
    shutil.copy(launch.__file__, package / "runtime")
    strangers = tmp_path / "strangers"
    for folder, text in ((package / "processes", "ours"), (strangers, "somebody else's")):
        for name in ("gateway", "recorder", "recorder/motion"):
            (folder / name).mkdir(parents=True)
            (folder / name / "__init__.py").touch()
            (folder / name / "__main__.py").write_text(f"print({text!r})")
    (strangers / "program.py").write_text("import gateway.__main__")
    environment = {"FRAMEBUS_RUN_DIR": str(tmp_path), "PYTHONPATH": str(strangers)}
    command = [sys.executable, "-P", "-S", str(package / "runtime" / "launch.py"), "-m"]
    for module, printed in (("gateway", "ours\n"), ("recorder.motion", "ours\n"), ("program", "somebody else's\n")):
        done = subprocess.run([*command, module], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == printed


@pytest.mark.parametrize("given", [None, "", "/some/folder"])
def test_a_working_copy_needs_no_other_path(given: str | None) -> None:
    assert python_path("gateway", given) == given


@pytest.mark.parametrize("module", ["", "none", "program", "program.part"])
def test_the_processes_are_on_the_path_of_no_other_program(tmp_path: Path, module: str) -> None:
    (tmp_path / "gateway").mkdir()
    assert python_path("gateway", None, str(tmp_path)) == str(tmp_path)
    assert python_path("gateway.part", None, str(tmp_path)) == str(tmp_path)
    assert python_path("gateway", "/a:/b", str(tmp_path)) == f"{tmp_path}:/a:/b"
    assert python_path(module, "/a:/b", str(tmp_path)) == "/a:/b"


@pytest.mark.slow
def test_crashes_that_cannot_be_counted_are_slow(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = time.monotonic()
    with contextlib.closing(start(tmp_path / "file" / "run", tmp_path / "log", "crasher")) as running:
        assert running.ended() == 1
    assert time.monotonic() - before >= launch.NO_RECORD_DELAY_SECONDS


def run_in_crash_loop(run_dir: Path, crashes: int, *arguments: str, python_path: Path) -> bytes:
    """The output of a start after so many crashes, without the wait before it."""
    script = "import sys; from framebus.runtime import launch; launch.wait = lambda *_: None; launch.main(sys.argv[1:])"
    write(str(run_dir / f"{'-'.join(arguments)}.starts"), crashes - 1, time.monotonic())
    environment = {**os.environ, "FRAMEBUS_RUN_DIR": str(run_dir), "SUPERVISOR_ENABLED": "1"}
    environment["FRAMEBUS_CONFIG"] = str(run_dir / "framebus.toml")
    environment["PYTHONPATH"] = f"{python_path}:{os.environ.get('PYTHONPATH', '')}"
    return subprocess.run(
        [sys.executable, "-c", script, "-m", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_SECONDS,
        check=False,
    ).stdout


BUG = """
import logging, sys
from framebus.runtime.process import run
def deep(n):
    return deep(n - 1) if n else 1 / 0
def body(config, stop):
    for line in range(10):
        logging.getLogger("x").info("camera front publishes at %d", line)
    deep(30)
sys.exit(run("bug", None, body))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["import", "bug"])
def test_a_day_of_crashes_takes_less_than_a_megabyte_of_log(kind: str, configure: Configure, tmp_path: Path) -> None:
    config = configure()
    (tmp_path / "bug.py").write_text(BUG if kind == "bug" else "import a_module_that_is_not_installed")
    sizes = [len(run_in_crash_loop(config.run_dir, crashes, "bug", python_path=tmp_path)) for crashes in (20, 21)]
    assert sizes[0] > 2 * sizes[1], "one start logs in full"
    supervisord_bytes = len("2026-11-29 01:01:34,151 WARN exited: capture-a-camera (exit status 1; not expected)\n")
    starts = DAY_SECONDS / launch.MAX_DELAY_SECONDS
    full = starts / launch.FULL_LOG_INTERVAL
    assert full * sizes[0] + (starts - full) * sizes[1] + starts * supervisord_bytes < 1e6


# Programs of the user's


def program(run_dir: Path, *command: str, directory: Path | None = None, **environment: str) -> str:
    return launch.packed(list(command), str(directory or run_dir), environment)


def run_program(run_dir: Path, packed: str, **environment: str) -> str:
    """What it has printed when it has ended, and all of its output has arrived."""
    more = {"FRAMEBUS_RUN_DIR": str(run_dir), "PYTHONSAFEPATH": "1", "FRAMEBUS_PROGRAM": packed, **environment}
    ran = subprocess.run(
        [sys.executable, "-P", "-S", launch.__file__, "--program", "detector"],
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    return ran.stdout


@pytest.mark.medium
def test_a_program_has_its_folder_its_environment_and_its_name_before_each_line(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("WORD = 'found'")
    (tmp_path / "detector.py").write_text(
        "import os, sys, neighbour\n"
        "print(os.getcwd(), os.environ['MODEL'], neighbour.WORD, sys.argv[1:])\n"
        "assert 'FRAMEBUS_PROGRAM' not in os.environ\n"
        "print('second', file=sys.stderr)\n"
        "try: os.waitpid(-1, 0)\n"
        "except ChildProcessError: print('no children')\n"
    )
    packed = program(tmp_path, sys.executable, "-u", "detector.py", "a b", MODEL="small")

    assert run_program(tmp_path, packed) == (
        f"program-detector: {tmp_path} small found ['a b']\nprogram-detector: second\nprogram-detector: no children\n"
    )
    assert (tmp_path / "program-detector.starts").exists()
    assert run_program(tmp_path, packed, FRAMEBUS_JOURNAL="1").startswith("<6>program-detector: ")


@pytest.mark.medium
def test_a_line_without_end_is_dropped_and_the_program_goes_on(tmp_path: Path) -> None:
    """Such as the progress of months: it must not fill the memory. Here, less memory is allowed."""
    written = b"x" * 2_500_000 + b"\n" + b"goes on\n" * 10
    script = ["sh", "-c", launch.PREFIX, "sh", "program-detector: ", "7000"]
    printed = subprocess.run(script, input=written, stdout=subprocess.PIPE, check=False).stdout.splitlines()

    assert b"program-detector: a line without end was dropped" in printed
    assert printed[-1] == b"program-detector: goes on"
    assert sum(map(len, printed)) < 2_500_000


@pytest.mark.medium
def test_a_line_is_logged_when_it_is_written(tmp_path: Path) -> None:
    waits = "import os, sys, time\nprint('first', flush=True)\nwhile not os.path.exists('seen'): time.sleep(0.01)"
    packed = program(tmp_path, sys.executable, "-c", waits)
    environment = {**os.environ, "FRAMEBUS_RUN_DIR": str(tmp_path), "FRAMEBUS_PROGRAM": packed}
    command = [sys.executable, "-P", "-S", launch.__file__, "--program", "detector"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"program-detector: first\n"
        (tmp_path / "seen").touch()


@pytest.mark.medium
def test_a_program_that_cannot_be_started_is_said(tmp_path: Path) -> None:
    packed = program(tmp_path, "no-such-program")
    assert run_program(tmp_path, packed) == (
        "program-detector: cannot be started: no-such-program: No such file or directory\n"
    )
    packed = program(tmp_path, "true", directory=tmp_path / "none")
    assert run_program(tmp_path, packed) == (
        f"program-detector: cannot be started: {tmp_path}/none: No such file or directory\n"
    )


@pytest.mark.slow
def test_a_program_ends_with_a_supervisord_that_is_killed(tmp_path: Path) -> None:
    packed = program(tmp_path, "sh", "-c", "echo $$ > pid; exec sleep 600")
    script = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-P', '-S', sys.argv[1], '--program', 'detector'])\n"
        "time.sleep(600)\n"
    )
    parent = Running(
        sys.executable,
        "-c",
        script,
        launch.__file__,
        log=tmp_path / "log",
        environment={"FRAMEBUS_RUN_DIR": str(tmp_path), "FRAMEBUS_PROGRAM": packed},
    )
    try:
        pid_file = tmp_path / "pid"
        wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "the program runs")
        pid = int(pid_file.read_text())
        parent.process.kill()
        parent.process.wait()
        wait_until(lambda: not Path(f"/proc/{pid}/cmdline").exists() or not ended(pid), "the program has ended")
    finally:
        parent.close()


@pytest.mark.medium
def test_what_a_killed_supervisord_left_of_a_program_ends_when_the_program_starts_again(tmp_path: Path) -> None:
    def start(name: str) -> tuple[Running, int]:
        """The program, and the process that it starts."""
        log = tmp_path / f"{name}-{len(list(tmp_path.iterdir()))}.log"
        packed = program(tmp_path, "sh", "-c", "sleep 600 & echo $!; wait")
        running = Running(
            *(sys.executable, "-P", "-S", launch.__file__, "--program", name),
            log=log,
            environment={"FRAMEBUS_RUN_DIR": str(tmp_path), "FRAMEBUS_PROGRAM": packed},
        )
        programs.append(running)
        wait_until(lambda: running.log.endswith("\n"), "the program runs")
        return running, int(running.log.split()[-1])

    programs: list[Running] = []
    try:
        (killed, left), (_, of_another) = start("detector"), start("counter")
        killed.process.kill()
        killed.process.wait()
        assert not is_gone(left)
        _, new = start("detector")
        wait_until(lambda: is_gone(left), "what the first one had started has ended")
        assert not is_gone(of_another)
        assert not is_gone(new)
    finally:
        for running in programs:
            running.close()


def ended(pid: int) -> bytes:
    """The command line of a process; empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
