"""`framebus up`: supervisord in the foreground, with everything. This process becomes supervisord."""

import argparse
import contextlib
import fcntl
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

from framebus.config import load as configuration
from framebus.config.load import ENVIRONMENT, Config, ConfigError
from framebus.runtime.privileges import PrivilegeError, let_go, warn
from framebus.runtime.process import EXIT_FAILED, EXIT_USAGE
from framebus.runtime.run_dir import RunDirError, check_length, prepare, worker_name

CONNECT_SECONDS = 1.0
LARGEST_PID = 4194304
"""PID_MAX_LIMIT of linux/threads.h, on 64 bits."""

GROUP_SECTION = """\
; Written anew by each `framebus up`, from framebus.toml. One group: supervisord stops a group at once, groups in turn.
[group:framebus]
programs = {programs}
"""
PROGRAM_SECTION = """
[program:{name}]
command = "%(ENV_FRAMEBUS_PYTHON)s" -m {arguments}
autorestart = true
startsecs = 0
stopwaitsecs = 3
killasgroup = true
redirect_stderr = true
stdout_logfile = /dev/fd/1
stdout_logfile_maxbytes = 0
"""


def add(parser: argparse.ArgumentParser) -> None:
    """This command takes nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Check the configuration and become supervisord; returns only when that cannot be."""
    try:
        config = configuration.load(options.config)
        config = let_go(config, lambda: configuration.load(options.config))
        check_plain(config.run_dir)
        prepare(config)
        check_free(config.run_dir / "supervisor.sock")
        write_cameras(config)
    except ConfigError as error:
        print(*error.mistakes, sep="\n", file=sys.stderr)
        return EXIT_USAGE
    except (RunDirError, PrivilegeError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    file = supervisord_conf()
    advice = warn(config)
    if advice is not None:
        print(advice, file=sys.stderr, flush=True)
    print(f"framebus starts with {config.path or 'its built-in defaults'}; Ctrl-C ends it", flush=True)
    let_many_write(1)
    command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(file)]
    try:
        os.execve(sys.executable, command, environment(config))
    except OSError as error:
        print(f"{sys.executable} cannot be run by user {os.geteuid()}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED


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
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(CONNECT_SECONDS)
        probe.connect(str(path))
        raise RunDirError(
            f"framebus runs already with run_dir {path.parent}; stop that one first, or name another run_dir"
        )


def write_cameras(config: Config) -> None:
    """Say to supervisord which cameras there are, and which gateways beside the first.

    Raises RunDirError when the file cannot be written.
    """
    file = config.run_dir / "cameras.conf"
    programs = {f"capture-{name}": f"capture {name}" for name, camera in config.cameras.items() if camera.is_here}
    programs |= {worker_name(number): f"gateway --worker {number}" for number in range(1, config.gateway.workers)}
    sections = [PROGRAM_SECTION.format(name=name, arguments=arguments) for name, arguments in programs.items()]
    group = GROUP_SECTION.format(programs=",".join(["gateway", "snapshot", *programs]))
    try:
        file.write_text(group + "".join(sections))
    except OSError as error:
        raise RunDirError(f"cannot write {file}: {error.strerror}") from None


def environment(config: Config) -> dict[str, str]:
    """What supervisord.conf and the processes under it are told."""
    told = {
        "FRAMEBUS_PYTHON": sys.executable,
        "FRAMEBUS_RUN_DIR": str(config.run_dir),
        "FRAMEBUS_USER": str(os.geteuid()),
        "PYTHONUNBUFFERED": "1",
    }
    if config.path is not None:
        told[ENVIRONMENT] = str(config.path.absolute())
    return {**os.environ, **told}


def supervisord_conf() -> Path:
    """The file at the top of a working copy; in an installed framebus it lies within the package."""
    package = Path(__file__).parent.parent
    return next(file for file in (package / "supervisord.conf", package.parent / "supervisord.conf") if file.is_file())


def let_many_write(output: int) -> None:
    """Make stdout fit for supervisord, which opens /dev/fd/1 anew for the log of each child.

    In a file they would overwrite each other's lines. Linux does not open a socket, such as systemd's journal, and no
    terminal of another user, as after `su`.
    """
    if stat.S_ISREG(os.fstat(output).st_mode):
        fcntl.fcntl(output, fcntl.F_SETFL, fcntl.fcntl(output, fcntl.F_GETFL) | os.O_APPEND)
    try:
        os.close(os.open(f"/dev/fd/{output}", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC))
    except OSError:
        print_through_a_pipe()


def print_through_a_pipe() -> None:
    """Put a pipe before stdout, and a process that copies from one to the other."""
    reader, writer = os.pipe()
    subprocess.Popen(["cat"], stdin=reader, start_new_session=True)  # it ends when the pipe does
    os.dup2(writer, 1)
    os.dup2(writer, 2)
