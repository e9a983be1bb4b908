"""A command in a chroot as it is on a machine: as one of its users, with /proc, /sys, /dev and /run.

They are mounted in a mount namespace of the command's own, so that nothing stays mounted, however it ends.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.debian.chroot import PLACE, SetupError, remove

SCRIPT = """
set -e
root=$1 user=$2 place=$3
shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
exec chroot "$root" setpriv --reuid="$user" --regid="$user" --init-groups env -i --chdir="$place" "$@"
"""
NAMESPACES = ("unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child")
"""With the processes' own ids, so that none of them outlives the command."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(root: Path, user: str, command: Sequence[str], seconds: float, variables: Mapping[str, str]) -> int:
    """Run a command in the copy of the repository, its output to ours; returns its exit status. Raises SetupError."""
    _empty(root / "tmp")
    settings = {
        "PATH": PATH,
        "HOME": "/root" if user == "root" else f"/home/{user}",
        "USER": user,
        "LANG": "C.UTF-8",
        "PYTHONPATH": PLACE,
        "COLUMNS": str(shutil.get_terminal_size((120, 24)).columns),
        "CI": os.environ.get("CI", ""),
        **variables,
    }
    assignments = [f"{name}={value}" for name, value in settings.items()]
    line = [*NAMESPACES, "sh", "-c", SCRIPT, "sh", str(root), user, PLACE, *assignments, *command]
    process = subprocess.Popen(line, stdin=subprocess.DEVNULL)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise SetupError(f"the tests have not ended within {seconds:g} s") from None
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """End all that runs in the namespaces, by their first process.

    unshare ignores signals while it waits for that one, and `--kill-child` has no effect after a change of user.
    """
    with contextlib.suppress(OSError):  # it has ended
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
    process.kill()
    process.wait()


def _empty(folder: Path) -> None:
    remove(folder)
    folder.mkdir()
    folder.chmod(0o1777)
