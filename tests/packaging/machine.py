"""A chroot that programs can change as they like: what they write is in memory, and gone when it is closed.

Its mounts and processes are in namespaces of its own; its network is that of this machine.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.debian.inside import NAMESPACES, PATH
from tests.processes import Running, wait_until

SCRIPT = """
set -e
lower=$1 place=$2 shared=$3 lasting=$4
mount -t tmpfs -o mode=755 tmpfs "$place"
mkdir "$place/upper" "$place/work" "$place/root"
if [ "$lasting" ]; then
    mount --bind "$lower" "$place/root"
else
    mount -t overlay -o "lowerdir=$lower,upperdir=$place/upper,workdir=$place/work" overlay "$place/root"
fi
mount -t proc proc "$place/root/proc"
mount -t sysfs sysfs "$place/root/sys"
mount --rbind /dev "$place/root/dev"
mount -t tmpfs -o mode=755 tmpfs "$place/root/run"
mount -t tmpfs -o mode=1777 tmpfs "$place/root/tmp"
mount --bind "$shared" "$place/root/mnt"
touch "$place/root/run/made"
while :; do sleep 1000 & wait; done
"""


MAKE_SECONDS = 60.0
"""It takes one or two."""


class Machine:
    """A chroot under an empty layer. `close` ends all that runs in it."""

    def __init__(self, lower: Path, shared: Path, log: Path, *, lasting: bool = False) -> None:
        """`shared` is its /mnt. Log files of what is started in it go beside `log`.

        With `lasting`, there is no layer, and programs change the chroot itself.
        """
        self._place = Path(tempfile.mkdtemp(prefix="framebus-machine-"))
        self._lower, self._shared, self._lasting = lower, shared, lasting
        self._log = log
        self._started: list[Running] = []
        self._boot()

    def _boot(self) -> None:
        line = self._line_of_init(self._lower, self._shared, lasting=self._lasting)
        self._init = Running(*line, log=self._log)
        wait_until(self._is_made, f"a machine of {self._lower}; it said:\n{self._init.log}", MAKE_SECONDS)

    def _line_of_init(self, lower: Path, shared: Path, *, lasting: bool) -> list[str]:
        """The command that makes it, and runs until its end."""
        arguments = [str(lower), str(self._place), str(shared), "lasting" * lasting]
        return [*NAMESPACES, "sh", "-c", SCRIPT, "sh", *arguments]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Leave nothing of it behind."""
        for running in self._started:
            running.close()
        with contextlib.suppress(OSError, IndexError):
            os.kill(self._first_process(), signal.SIGKILL)  # unshare waits for it, and takes no signal meanwhile
        self._init.close()
        with contextlib.suppress(OSError):
            self._place.rmdir()

    def path(self, name: str) -> Path:
        """A file of the machine, as seen from outside."""
        return Path(f"/proc/{self._first_process()}/root{self._place}/root{name}")

    def run(
        self,
        *command: str,
        user: str = "root",
        variables: Mapping[str, str] | None = None,
        seconds: float = 240,
        typed: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, whatever its status; its output and errors are one text."""
        return subprocess.run(
            self._line(command, user, variables or {}),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )

    def do(
        self, *command: str, user: str = "root", variables: Mapping[str, str] | None = None, seconds: float = 240
    ) -> str:
        """Run a command that has to succeed; returns its output."""
        done = self.run(*command, user=user, variables=variables, seconds=seconds)
        assert done.returncode == 0, f"{' '.join(command)}: status {done.returncode}, and\n{done.stdout}"
        return done.stdout

    def start(self, *command: str, user: str = "root", variables: Mapping[str, str] | None = None) -> Running:
        """Start a command; the machine's end is its end, too."""
        log = self._log.with_name(f"{self._log.name}-{len(self._started)}")
        running = Running(*self._line(command, user, variables or {}), log=log)
        self._started.append(running)
        return running

    def terminate(self, running: Running) -> int:
        """Ask a started command to end, and wait until it has; returns its exit status."""
        os.kill(_child(running.pid), signal.SIGTERM)  # nsenter passes no signals on
        return running.ended()

    def _line(self, command: Sequence[str], user: str, variables: Mapping[str, str]) -> list[str]:
        home = "/root" if user == "root" else f"/home/{user}"
        settings = {"PATH": f"{home}/.local/bin:{PATH}", "HOME": home, "LANG": "C.UTF-8", **variables}
        return [
            *self._enter(),
            *("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"),
            *("env", "-i", "--chdir=/", *(f"{name}={value}" for name, value in settings.items())),
            *command,
        ]

    def _enter(self) -> list[str]:
        """What comes before a command that runs in it."""
        return [
            *("nsenter", f"--target={self._first_process()}", "--mount", "--pid"),
            *("chroot", f"{self._place}/root"),
        ]

    def _first_process(self) -> int:
        return _child(self._init.pid)

    def _is_made(self) -> bool:
        assert self._init.process.poll() is None, f"the machine ended:\n{self._init.log}"
        with contextlib.suppress(OSError, IndexError):
            return os.path.exists(self.path("/run/made"))
        return False


def _child(pid: int) -> int:
    """The process that another one has started. Raises IndexError if it has started none."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
