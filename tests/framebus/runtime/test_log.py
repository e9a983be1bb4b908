"""The log as the journal of systemd wants it, and as a person reads it."""

import logging
from pathlib import Path

import pytest

from framebus.runtime.log import OneLineFormatter, QuietStart, is_journal, mark_lines
from tests.conftest import Configure, Start


def record(level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord("any", level, "file.py", 1, "%s", (message,), None)


@pytest.mark.parametrize(
    ("level", "mark"),
    [(logging.DEBUG, 7), (logging.INFO, 6), (logging.WARNING, 4), (logging.ERROR, 3), (logging.CRITICAL, 2)],
)
def test_a_line_in_the_journal_has_a_level_and_no_time(level: int, mark: int) -> None:
    line = OneLineFormatter("gateway", journal=True).format(record(level, "one\ntwo"))

    assert line == f"<{mark}>gateway: one | two"


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that counts as the journal."""
    file = tmp_path / "journal"
    file.touch()
    monkeypatch.setenv("JOURNAL_STREAM", f"{file.stat().st_dev}:{file.stat().st_ino}")
    return file


def test_only_the_stream_of_the_journal_is_the_journal(stream: Path, tmp_path: Path) -> None:
    with stream.open("w") as journal, (tmp_path / "other").open("w") as other:
        assert is_journal(journal.fileno())
        assert not is_journal(other.fileno()), "a program started from a service inherits the variable"
        assert mark_lines("a\nb", logging.ERROR, journal.fileno()) == "<3>a\n<3>b"
        assert mark_lines("a\nb", logging.ERROR, other.fileno()) == "a\nb"
    assert not is_journal(1_000_000)


def test_a_process_under_up_marks_its_lines(configure: Configure, start: Start) -> None:
    running = start("tests.framebus.program", "speak", config=configure(), environment={"FRAMEBUS_JOURNAL": "1"})

    assert running.ended() == 0
    assert running.log == "<4>program: one | two |  | three\n<6>program: stopped\n"


def test_up_marks_what_it_refuses(run_dir: Path, start: Start, tmp_path: Path) -> None:
    file = run_dir / "framebus.toml"
    file.write_text("[gateway]\nworkers = x\n")
    log = tmp_path / "0-framebus.log"
    log.touch()
    stream = f"{log.stat().st_dev}:{log.stat().st_ino}"
    running = start("framebus", "up", "--config", str(file), environment={"JOURNAL_STREAM": stream})

    assert running.ended() == 2
    assert [line[:3] for line in running.log.splitlines()] == ["<3>"] * 3


def test_a_crash_loop_logs_problems_until_it_has_lasted() -> None:
    quiet, over = QuietStart(60), QuietStart(0)

    assert not quiet.filter(record(logging.INFO, "publishes"))
    assert quiet.filter(record(logging.WARNING, "no camera"))
    assert over.filter(record(logging.INFO, "publishes"))
