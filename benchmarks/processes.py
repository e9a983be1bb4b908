"""Start the processes of a benchmark, measure their resources, and end them by their ids, also after Ctrl-C."""

import contextlib
import json
import os
import random
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.results import ROOT

START_SECONDS = 30.0
"""Limit for the start of a process, also on a small and busy machine."""
LIMITED_START_SECONDS = 150.0
"""The same for a server that gets 1 % of a core (benchmarks.quota)."""
END_SECONDS = 8.0
"""supervisord gives its children three seconds."""
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The ports that the kernel gives to connections (ip(7))."""
CANDIDATES = 4096
"""Ports to choose from. Tests have others of their own, further below (tests/ports.py)."""
FIRST_UNPRIVILEGED = 1024
CPUCLOCK_SCHED = 2
"""For clock_getcpuclockid(3): user and system time of a process in nanoseconds (linux/posix-timers.h)."""


class BenchError(Exception):
    """Why a benchmark cannot go on, in one sentence."""


class SkippedBenchmark(Exception):
    """Why something is not measured on this machine, and what would help, in one sentence."""


class Process:
    """A running command with its output in a file. Leaving the `with` block ends it."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C is for us, and we end them in order
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def wait_until(self, true: Callable[[], object], what: str, limit_seconds: float = LIMITED_START_SECONDS) -> None:
        """Wait until `true` returns true. Raises BenchError when the process ends first, or after the limit."""
        deadline = time.monotonic() + limit_seconds
        while not true():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise BenchError(f"{what} did not happen; the log of {self.process.args!r} ends with:\n{tail}")
            time.sleep(0.02)

    def close(self) -> None:
        """End the process, first with SIGTERM; may be called twice."""
        end(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Helper:
    """A module of the benchmarks in its own process, which answers each line of input with a line of JSON."""

    def __init__(self, module: str, settings: Mapping[str, object], prefix: Sequence[str] = ()) -> None:
        """`settings` are its only argument, as JSON; `prefix` is a command that runs it, such as `ip netns exec`."""
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", f"benchmarks.{module}", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        self._module = module
        self._output = b""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def answer(self, seconds: float = START_SECONDS) -> dict[str, Any]:
        """Return its next answer. Raises BenchError without one."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._output:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, left))
            more = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                raise BenchError(f"benchmarks.{self._module} said nothing within {seconds:g} s")
            self._output += more
        line, _, self._output = self._output.partition(b"\n")
        answered: dict[str, Any] = json.loads(line)
        return answered

    def ask(self, word: str, seconds: float = START_SECONDS) -> dict[str, Any]:
        """Send a line and return the answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{word}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise BenchError(f"benchmarks.{self._module} has ended") from None
        return self.answer(seconds)

    def close(self) -> None:
        """End it; may be called twice."""
        end(self.process)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def end(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM, then SIGKILL, and wait for the end."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def cpu_seconds(*pids: int) -> float:
    """User and system time that the processes have used so far, together.

    The same sum as in /proc/PID/stat, whose unit of 10 ms is too coarse for a run of a few seconds.
    """
    return sum(time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED) for pid in pids)


def pin(cores: Iterable[int], *pids: int) -> None:
    """Let all threads of these processes run on these cores and no others."""
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread.name), cores)


def pss_bytes(pid: int) -> int:
    """Memory of a process; what it shares with others is divided among them (proc(5), smaps_rollup).

    Raises OSError when there is no such process, or no more than its name.
    """
    return _rollup_bytes(pid, "Pss")


def private_bytes(pid: int) -> int:
    """Memory that a process shares with no other. Raises OSError as `pss_bytes` does."""
    return _rollup_bytes(pid, "Private_Clean", "Private_Dirty")


def anonymous_bytes(pid: int) -> int:
    """Memory that is in no file, such as what a process has allocated. Raises OSError as `pss_bytes` does.

    Other programs do not change it. A page of a library counts for more in `pss_bytes` when another program that used
    it ends.
    """
    return _rollup_bytes(pid, "Pss_Anon")


def _rollup_bytes(pid: int, *names: str) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.findall(rf"^(?:{'|'.join(names)}): +([0-9]+) kB", rollup, re.MULTILINE)
    if not found:  # the process is ending and has released its memory
        raise ProcessLookupError(f"process {pid} ends")
    return 1024 * sum(map(int, found))


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on, of the last ones below those that the kernel gives to connections.

    So no connection takes it before it is used. Raises BenchError where there is none.
    """
    lowest = int(EPHEMERAL.read_text().split()[0])
    candidates = range(max(lowest - CANDIDATES, FIRST_UNPRIVILEGED), lowest) or range(lowest, lowest + CANDIDATES)
    for port in random.sample(candidates, len(candidates)):
        with contextlib.suppress(OSError), socket.create_server((host, port)):
            return port
    raise BenchError(f"{host} has no free port from {candidates.start} to {candidates.stop - 1}")


def listens(host: str, port: int) -> bool:
    """Return whether a program accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
