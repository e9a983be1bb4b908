"""A process whose instructions are counted by valgrind's callgrind, between two moments of its run."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.processes import BenchError, Process, SkippedBenchmark

COMMAND_SECONDS = 60.0
"""Limit for valgrind's answer to a command, also on a busy machine."""


def check_valgrind() -> None:
    """Raise SkippedBenchmark if valgrind is not installed."""
    if shutil.which("valgrind") is None or shutil.which("vgdb") is None:
        raise SkippedBenchmark("valgrind: not installed (sudo apt install valgrind)")


class CountedProcess(Process):
    """Runs a command under callgrind, about 50 times slower while its instructions are counted.

    What the kernel does for the process is not counted. A copy of many bytes counts as one instruction for each byte
    on processors with the fast `rep movsb`.
    """

    def __init__(self, command: Sequence[str], name: str, folder: Path, environment: Mapping[str, str]) -> None:
        """Start it; `name` names its files in the folder."""
        self._output = folder / f"{name}.callgrind"
        options = ["--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self._output}"]
        # Without a fixed seed, the order of sets differs between two runs, and so does their work.
        super().__init__(
            ["valgrind", *options, *command], folder / f"{name}.log", {**environment, "PYTHONHASHSEED": "0"}
        )
        self._dumps = 0

    def begin(self) -> None:
        """Count from now on."""
        self._tell("instrumentation on")
        self._tell("zero")

    def restart(self) -> None:
        """Count from 0 again."""
        self._tell("zero")

    def counted(self) -> int:
        """Return the instructions since `begin`, `restart` or the last call."""
        self._tell("dump")
        self._dumps += 1
        return instructions(Path(f"{self._output}.{self._dumps}").read_text())

    def _tell(self, command: str) -> None:
        try:
            subprocess.run(
                ["vgdb", f"--pid={self.pid}", *command.split()],
                check=True,
                capture_output=True,
                timeout=COMMAND_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise BenchError(f"valgrind does not answer {command!r}: {error}") from None


def instructions(dump: str) -> int:
    """Return the number of instructions in a file that callgrind wrote. Raises BenchError for another file."""
    totals = re.search(r"^(?:totals|summary): (\d+)$", dump, re.MULTILINE)
    if totals is None:
        raise BenchError("callgrind wrote a file without totals")
    return int(totals[1])
