"""`framebus up`: supervisord in the foreground, with everything. This process becomes supervisord."""

import argparse
import contextlib
import fcntl
import logging
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from framebus import __version__
from framebus.config import checked_copy
from framebus.config import load as configuration
from framebus.config.load import ENVIRONMENT, Config, ConfigError
from framebus.runtime import launch, refused_starts, safe_path
from framebus.runtime.log import JOURNAL, is_journal, mark_lines
from framebus.runtime.privileges import PrivilegeError, drop_privileges, is_root, warn
from framebus.runtime.process import EXIT_FAILED, EXIT_USAGE
from framebus.runtime.run_dir import RunDirError, check_length, prepare
from framebus.runtime.socket_probe import is_served
from framebus.runtime.state_format import check_state_format
from framebus.supervision import RUNNING_VERSION, SUPERVISORD
from framebus.supervision.client import SOCKET
from framebus.supervision.files import NEXT, Files
from framebus.supervision.writing import write

SERVICE = "INVOCATION_ID"
"""Environment: systemd sets it for services (systemd.exec(5))."""
REFUSED_PAUSE_SECONDS = 60.0
LARGEST_PID = 4194304
"""PID_MAX_LIMIT of linux/threads.h, on 64 bits."""


def add(parser: argparse.ArgumentParser) -> None:
    """This command takes nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Check the configuration and become supervisord; returns only when that is impossible."""
    try:
        config = configuration.load(options.config)
        config = drop_privileges(config, lambda: configuration.load(options.config))
        check_plain(config.run_dir)
        prepare(config)
        check_free(config.run_dir / SOCKET)
        check_state_format(config.state_dir)
        config = write(config, Files.of(config.run_dir))
        Files.of(config.run_dir, NEXT).remove()
        forget_crashes(config)
    except ConfigError as error:
        return refuse(EXIT_USAGE, str(error))
    except (RunDirError, PrivilegeError) as error:
        return refuse(EXIT_FAILED, str(error))
    for warning in config.warnings:
        print(mark_lines(warning, logging.WARNING, 2), file=sys.stderr, flush=True)
    advice = warn(config)
    if advice is not None:
        print(mark_lines(advice, logging.WARNING, 2), file=sys.stderr, flush=True)
    for folder, module in safe_path.shadowed_by().items():
        left_out = f"{folder} in PYTHONPATH is left out: its module {module} would run in place of framebus's own"
        print(mark_lines(left_out, logging.WARNING, 2), file=sys.stderr, flush=True)
    print(f"framebus {__version__} starts with {config.path or 'its built-in defaults'}; Ctrl-C ends it", flush=True)
    told = environment(config)
    let_many_write(1)
    try:
        os.execve(sys.executable, command(), told)
    except OSError as error:
        return refuse(EXIT_FAILED, f"{sys.executable} cannot be run by user {os.geteuid()}: {error.strerror}")


def refuse(status: int, text: str) -> int:
    """Print why framebus does not start; returns the exit status.

    As a service of systemd, which starts it again at once, it waits first, as the same lines would fill the journal.
    It does not in the first of these starts: the `systemctl restart` of a person fails at once.
    """
    print(mark_lines(text, logging.ERROR, 2), file=sys.stderr, flush=True)
    if is_journal(2) and SERVICE in os.environ:
        folder = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
        if not folder or refused_starts.is_repeated(Path(folder)) or not refused_starts.note(Path(folder)):
            time.sleep(REFUSED_PAUSE_SECONDS)
            if folder:
                refused_starts.note(Path(folder))
    return status


def command() -> list[str]:
    """The command line of supervisord. With `--user` it does not warn that it runs as root."""
    user = ["--user", str(os.geteuid())] if is_root() and _has_name(os.geteuid()) else []
    return [sys.executable, "-P", "-m", SUPERVISORD, "-n", "-c", str(supervisord_conf()), *user]


def _has_name(user: int) -> bool:
    """Whether the user has a passwd entry, which supervisord insists on for `--user`; containers may lack it."""
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def forget_crashes(config: Config) -> None:
    """Start every process without delay."""
    for record in config.run_dir.glob("*.starts*"):
        with contextlib.suppress(OSError):
            record.unlink()


def check_plain(folder: Path) -> None:
    """Raises RunDirError for a name that supervisord.conf cannot hold: it takes lists of files, with wild cards."""
    special = next((letter for letter in str(folder) if letter.isspace() or letter in "*?[];"), None)
    if special is not None:
        raise RunDirError(
            f"run_dir {folder} has {special!r} in it; allowed: a folder without blanks and * ? [ ] ; "
            "as supervisord needs it"
        )


def check_free(path: Path) -> None:
    """Raises RunDirError when a supervisord answers at this socket already, or none could make it."""
    check_length(path.with_name(f"{path.name}.{LARGEST_PID}"))  # supervisord binds that first, and renames it
    if is_served(path):
        raise RunDirError(
            f"framebus runs already with run_dir {path.parent}; stop that one first, or name another run_dir"
        )


def environment(config: Config) -> dict[str, str]:
    """The environment of supervisord and of the processes under it."""
    ours = {
        "FRAMEBUS_PYTHON": sys.executable,
        "FRAMEBUS_LAUNCHER": launch.__file__,
        "FRAMEBUS_RUN_DIR": str(config.run_dir),
        launch.SUPERVISOR: str(os.getpid()),  # this process becomes supervisord
        "PYTHONUNBUFFERED": "1",
        "PYTHONSAFEPATH": "1",
        ENVIRONMENT: str(Files.of(config.run_dir).copy),
        RUNNING_VERSION: __version__,
        checked_copy.ORIGINAL: str(config.path.absolute()) if config.path else "",
    }
    if is_journal(1):
        ours[JOURNAL] = "1"
    if (path := safe_path.python_path()) is not None:
        ours["PYTHONPATH"] = path
    try:
        tempfile.gettempdir()
    except FileNotFoundError:  # all is read-only; supervisord ends without one, though it needs none
        ours["TMPDIR"] = str(config.run_dir)
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", JOURNAL)}
    return {**inherited, **ours}


def supervisord_conf() -> Path:
    """The file at the top of a working copy; in an installed framebus it lies within the package."""
    package = Path(__file__).parent.parent
    return next(file for file in (package / "supervisord.conf", package.parent / "supervisord.conf") if file.is_file())


def let_many_write(output: int) -> None:
    """Make stdout fit for supervisord, which opens /dev/fd/1 again for the log of each child.

    In a file they would overwrite each other's lines. Linux does not open a socket, such as systemd's journal, and no
    terminal of another user, as after `su`.
    """
    if stat.S_ISREG(os.fstat(output).st_mode):
        fcntl.fcntl(output, fcntl.F_SETFL, fcntl.fcntl(output, fcntl.F_GETFL) | os.O_APPEND)
    try:
        os.close(os.open(f"/dev/fd/{output}", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))
    except OSError:
        print_through_a_pipe()


SUPERVISORD_LINE = r"^[0-9]{4}(-[0-9]{2}){2} [0-9:]{8},[0-9]{3} "
MARK_LEVELS = (
    *("-e", f"s/{SUPERVISORD_LINE}(CRIT|ERRO) /<3>supervisord: /"),
    *("-e", f"s/{SUPERVISORD_LINE}WARN (received SIG|stopped: )/<6>supervisord: \\2/"),  # a stop is no problem
    *("-e", f"s/{SUPERVISORD_LINE}WARN /<4>supervisord: /"),
    *("-e", f"s/{SUPERVISORD_LINE}[A-Z]+ /<6>supervisord: /"),
    *("-e", "/^Traceback /,/^[^ ]/s/^([^<]|$)/<3>\\1/"),
)
"""For sed: the levels of lines that do not come from framebus's own log, as sd-daemon(3) has them."""


def print_through_a_pipe() -> None:
    """Put a pipe before stdout, and a process that copies from one to the other; it ends when the pipe does."""
    journal = is_journal(1)
    copy = ["sed", "-u", "-E", *MARK_LEVELS] if journal and shutil.which("sed") else ["cat"]
    reader, writer = os.pipe()
    subprocess.Popen(copy, stdin=reader, start_new_session=True)
    os.dup2(writer, 1)
    os.dup2(writer, 2)
