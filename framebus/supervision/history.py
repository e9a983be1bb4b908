"""When and why each process ended last, for the log and for `framebus status`."""

import signal
import time
from pathlib import Path

MAX_WORDS = 300
"""Characters of the reason that a process gives."""


class Ended:
    """The last end of a process."""

    def __init__(self, at: float, why: str, times: int) -> None:
        """Describe it.

        Args:
            at: when, in Unix seconds.
            why: the reason.
            times: how often it has ended since supervisord started.
        """
        self.at = at
        self.why = why
        self.times = times


class History:
    """The last end of each process, by the name of its program."""

    def __init__(self) -> None:
        self.ended: dict[str, Ended] = {}

    def add(self, name: str, why: str) -> None:
        """Note an end."""
        last = self.ended.get(name)
        self.ended[name] = Ended(time.time(), why, last.times + 1 if last else 1)


def last_words(file: Path) -> str:
    """Why a process has ended, as it wrote into a file; empty where it wrote nothing. The file is for one end."""
    try:
        words = file.read_bytes()[: 4 * MAX_WORDS].decode(errors="replace")
        file.unlink()
    except OSError:
        return ""
    line = " ".join(words.split())
    return f"{line[:MAX_WORDS]}…" if len(line) > MAX_WORDS else line


def described(status: int) -> str:
    """What a wait status says (waitpid(2)): "exit status 1", or "killed by SIGKILL"."""
    if (code := status >> 8) or not status:
        return f"exit status {code & 0xFF}"
    number = status & 0x7F
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"killed by signal {number}"


def uptime_seconds(pid: int, proc: Path = Path("/proc")) -> float | None:
    """How long a process has run, by the clock that no one sets (proc(5), starttime); None if it has ended."""
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
        up = float((proc / "uptime").read_text().split()[0])
        return max(0.0, up - int(fields[19]) / TICKS_PER_SECOND)
    except (OSError, ValueError, IndexError):
        return None


TICKS_PER_SECOND = 100
"""USER_HZ, which Linux has on all machines that framebus runs on."""
