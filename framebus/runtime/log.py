"""The log of a process: one line an event on stdout, in the form that its reader understands."""

import logging
import os
import re
import sys
import time

from framebus.runtime.launch import HEALTHY_SECONDS, QUIET

JOURNAL = "FRAMEBUS_JOURNAL"
"""Environment: set by `framebus up` for its processes when their lines reach the journal of systemd."""
SYSLOG_LEVELS = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""As in sd-daemon(3)."""
SECRETS = re.compile(r"""([?&]token=|\bfb_|\b(?:Basic|Bearer) )[^&\s'"#]+""")
"""Tokens in URLs and elsewhere, by their prefix, and the content of Authorization headers."""


def is_journal(descriptor: int) -> bool:
    """Whether a descriptor is a stream to the journal of systemd (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        file = os.fstat(descriptor)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}"


def mark_lines(text: str, level: int, descriptor: int) -> str:
    """The text for a person; where the descriptor is the journal, each line begins with its level."""
    if not is_journal(descriptor):
        return text
    return "\n".join(f"<{SYSLOG_LEVELS[level]}>{line}" for line in text.splitlines())


class OneLineFormatter(logging.Formatter):
    """Writes each event as one line."""

    def __init__(self, process: str, *, journal: bool = False) -> None:
        """With `journal`, lines begin with a level for journald, which adds the time itself."""
        self._journal = journal
        time_and_level = "" if journal else "%(asctime)s.%(msecs)03d %(levelname)s "
        super().__init__(f"{time_and_level}{process}: %(message)s", "%Y-%m-%d %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its line end, and without secrets: a traceback may hold a request."""
        line = SECRETS.sub(r"\1…", super().format(record).replace("\n", " | "))
        return f"<{SYSLOG_LEVELS.get(record.levelno, 6)}>{line}" if self._journal else line


class QuietStart(logging.Filter):
    """Drops what is no problem until a process that keeps crashing has run for a healthy time."""

    def __init__(self, seconds: float = HEALTHY_SECONDS) -> None:
        super().__init__()
        self._until = time.monotonic() + seconds

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the event is logged."""
        return record.levelno >= logging.WARNING or time.monotonic() >= self._until


def log_to_stdout(process: str) -> None:
    """Send the log to stdout.

    Each line begins with the time, the level and the process; in the journal, with the level and the process.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLineFormatter(process, journal=JOURNAL in os.environ or is_journal(1)))
    if QUIET in os.environ:
        handler.addFilter(QuietStart())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.raiseExceptions = False  # a closed stdout must not cause a traceback for every line
