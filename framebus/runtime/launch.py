"""Starts a process for supervisord: at once after a first crash, later and later while it keeps crashing.

supervisord runs this file as a script: `python -P -S launch.py -m gateway`. It imports only the standard library, and
not framebus, so it also slows down a process that dies while it imports its modules. It replaces itself with
`python -P -m gateway`, so it costs no memory. With `--program NAME` it becomes a program of the user's.

The number of crashes in a row is kept in a file of run_dir. It does not matter how the process ended: an exception, a
segmentation fault and SIGKILL by the kernel's OOM killer all count. A process that ends as asked removes its file.
"""

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HEALTHY_SECONDS = 60.0
"""A process that ran for this long starts again without delay."""
MAX_DELAY_SECONDS = 30.0
FULL_LOG_CRASHES = 10
"""After this many crashes in a row, a process logs only problems, and its traceback is in the log only now and then."""
FULL_LOG_INTERVAL = 20
"""In a crash loop, every start of this number logs in full."""
NO_RECORD_DELAY_SECONDS = 3.0
"""The delay where crashes cannot be counted, for example on a full disk."""
POLL_SECONDS = 0.5

PROCESSES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "processes")
"""Where an installed framebus has the packages of its processes, which no other program imports. A working copy has
them at its top, beside `framebus`."""

SUPERVISOR = "FRAMEBUS_SUPERVISOR"
"""Environment: the process id of supervisord."""
RECORD = "FRAMEBUS_CRASH_RECORD"
"""Environment: the path of the file that counts the crashes of this process."""
LAST_WORDS = ".why"
"""The end of the name of a file beside that one: why the process has ended, in its own words."""
QUIET = "FRAMEBUS_QUIET_START"
"""Environment: set while a process in a crash loop shall log only problems."""
PROGRAM = "--program"
PACKED = "FRAMEBUS_PROGRAM"
"""Environment: a program of the user's as `packed` makes it. All users can read a command line; an environment,
only its owner."""
GROUP = "FRAMEBUS_GROUP"
"""Environment: the process group of a program of the user's, and its name. What it starts inherits both."""
LEFT_SECONDS = 3.0
"""How long what an earlier start has left may take to end, as the `stopwaitsecs` of supervisord's sections."""
LEFT_POLL_SECONDS = 0.1
PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal that a process gets when its parent ends."""

STDERR = "FRAMEBUS_STDERR"
"""Environment: the descriptor of the real stderr, where it was put away during the imports."""


def delay_seconds(crashes: int) -> float:
    """How long to wait before the next start, after so many crashes in a row: 0, 0, 1, 2, 4, 8, 16, 30, 30, …"""
    return 0.0 if crashes < 2 else min(2.0 ** min(crashes - 2, 10), MAX_DELAY_SECONDS)


def is_quiet(crashes: int) -> bool:
    """Whether the start after so many crashes in a row is one that logs only problems."""
    return crashes > FULL_LOG_CRASHES and crashes % FULL_LOG_INTERVAL != 0


def count(record: str, now: float) -> int:
    """The crashes in a row before this start.

    Args:
        record: the path of the file that counts them.
        now: seconds on the monotonic clock; an earlier boot of the machine counts as long ago.
    """
    try:
        with open(record, encoding="ascii") as file:
            crashes, started = file.read(64).split()
        return int(crashes) + 1 if 0 <= now - float(started) < HEALTHY_SECONDS else 0
    except (OSError, ValueError):
        return 0


def write(record: str, crashes: int, now: float) -> None:
    """Note a start. Raises OSError."""
    os.makedirs(os.path.dirname(record), mode=0o700, exist_ok=True)
    descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:  # in place: a full disk has no room for another file
        os.pwrite(descriptor, f"{crashes} {now:.3f}\n".ljust(64).encode("ascii"), 0)
    finally:
        os.close(descriptor)


def wait(seconds: float, parent: int) -> None:
    """Wait; end when supervisord has ended meanwhile."""
    deadline = time.monotonic() + seconds
    while os.getppid() == parent:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, POLL_SECONDS))
    sys.exit(1)


def supervisor() -> int:
    """The process id of supervisord, also when it has ended already."""
    number = os.environ.get(SUPERVISOR, "")
    return int(number) if number.isdecimal() else os.getppid()


def put_stderr_away(record: str) -> None:
    """Send stderr to a file beside the record, so that a traceback of an import is not logged at every start."""
    try:
        file = os.open(f"{record}.stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return
    kept = os.dup(2)
    os.set_inheritable(kept, True)
    os.dup2(file, 2)
    os.close(file)
    os.environ[STDERR] = str(kept)


def record_of(arguments: list[str]) -> str:
    """The file that counts the crashes of `-m MODULE [ARGUMENTS]`. It is named after the program of supervisord."""
    module, *more = (word.lstrip("-") for word in arguments if word not in ("-m", "--worker"))
    words = [module.rpartition(".")[2], *more]
    return os.path.join(os.environ["FRAMEBUS_RUN_DIR"], f"{'-'.join(words).replace('/', '_')}.starts")


def module_of(arguments: list[str]) -> str:
    """The module that `-m MODULE [ARGUMENTS]` runs; empty if it runs none."""
    return arguments[1] if arguments[:1] == ["-m"] and len(arguments) > 1 else ""


def python_path(module: str, given: str | None, folder: str = PROCESSES) -> str | None:
    """The PYTHONPATH with which Python finds the module of a process before all others of that name.

    Args:
        module: its name, such as `gateway` or `recorder.motion`.
        given: the PYTHONPATH so far, which is returned if the folder lacks the module; None for none.
        folder: where an installed framebus has its processes.
    """
    if not os.path.isdir(os.path.join(folder, module.partition(".")[0] or os.devnull)):
        return given
    return f"{folder}{os.pathsep}{given}" if given else folder


def level_mark(level: int) -> str:
    """The start of a line of this level of syslog: as sd-daemon(3) has it in the journal, else the time."""
    return f"<{level}>" if os.environ.get("FRAMEBUS_JOURNAL") else time.strftime("%Y-%m-%d %H:%M:%S.000 WARNING ")


def packed(command: list[str], directory: str, environment: dict[str, str]) -> str:
    """A program as one word, without a character that means something to supervisord."""
    import base64
    import json

    program = {"command": command, "directory": directory, "environment": environment}
    return base64.urlsafe_b64encode(json.dumps(program).encode()).decode()


def unpacked(word: str) -> "dict[str, Any]":
    """What `packed` made a word of."""
    import base64
    import json

    program: dict[str, Any] = json.loads(base64.urlsafe_b64decode(word))
    return program


def become_program(name: str, program: "dict[str, Any]") -> None:
    """Become a program of the user's: in its folder, with its environment, each line of its output with its name."""
    import ctypes
    import signal

    end_left_behind(name)
    prefix_output(name)
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONSAFEPATH", RECORD)}
    environment[GROUP] = f"{os.getpgrp()} {name}"
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)  # a supervisord that is killed takes it along
    if os.getppid() != parent:
        sys.exit(1)
    try:
        where = program["directory"]
        os.chdir(where)
        where = program["command"][0]
        os.execvpe(where, program["command"], {**environment, **program["environment"]})
    except OSError as error:
        sys.exit(f"cannot be started: {where}: {error.strerror}")


def end_left_behind(name: str) -> None:
    """End what an earlier start of a program has left, which may have its camera.

    supervisord ends the group of a program, but one that was killed could not.
    """
    import signal

    for number in (signal.SIGTERM, signal.SIGKILL):
        left = left_behind(name)
        for process in left:
            try:  # noqa: SIM105  (contextlib would have to be imported)
                os.kill(process, number)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + LEFT_SECONDS
        while left and time.monotonic() < deadline:
            time.sleep(LEFT_POLL_SECONDS)
            left = left_behind(name)


def left_behind(name: str) -> list[int]:
    """The processes of this user that belong to the group of an earlier start of a program, with this run_dir."""
    found = []
    run_dir = os.fsencode(f"FRAMEBUS_RUN_DIR={os.environ['FRAMEBUS_RUN_DIR']}")
    for process in filter(str.isdecimal, os.listdir("/proc")):
        try:
            group = os.getpgid(int(process))
            with open(f"/proc/{process}/environ", "rb") as file:
                environment = file.read().split(b"\0")
        except OSError:  # another user's, or it has ended
            continue
        if group != os.getpgrp() and run_dir in environment and f"{GROUP}={group} {name}".encode() in environment:
            found.append(int(process))
    return found


PREFIX = r"""
ulimit -v "$2"
export LC_ALL=C
# Without enough memory for a line, sed ends.
while sed -u "s/^/$1/" 2>/dev/null; [ "$(head -c 1 | wc -c)" -eq 1 ]; do
    echo "$1a line without end was dropped" || exit
done
"""
"""Writes its first argument before each line, with at most so much memory in KiB as the second one says."""
PREFIX_MEMORY_KIB = 32 * 1024
"""Enough for lines of several megabytes. A program that shows its progress in one line may write it for months."""


def prefix_output(name: str) -> None:
    """Put a `sed` before stdout and stderr that writes the name before each line. It ends when they are closed.

    It is no child of the program, which may wait for children of its own.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.setsid()  # supervisord kills the group of the program
            os.dup2(reader, 0)
            os.close(writer)
            mark = "<6>" if os.environ.get("FRAMEBUS_JOURNAL") else ""
            try:
                os.execvp("sh", ["sh", "-c", PREFIX, "sh", f"{mark}program-{name}: ", str(PREFIX_MEMORY_KIB)])
            except OSError:
                os.execvp("cat", ["cat"])
        os._exit(0)
    os.waitpid(child, 0)
    os.dup2(writer, 1)
    os.dup2(writer, 2)
    os.close(reader)
    os.close(writer)


def main(arguments: list[str]) -> None:
    """Wait if the process keeps crashing, then become the process."""
    parent = supervisor()
    record = record_of(arguments[:2] if arguments[0] == PROGRAM else arguments)
    crashes = count(record, time.monotonic())
    seconds = delay_seconds(crashes)
    name = os.path.basename(record).removesuffix(".starts")
    if seconds and not is_quiet(crashes):
        # One write: print() makes two where Python does not buffer, and another process may write between them.
        sys.stdout.write(
            f"{level_mark(4)}{name}: {crashes} crashes in a row, each within {HEALTHY_SECONDS:.0f} s of its start; "
            f"it starts again in {seconds:.0f} s\n"
        )
        sys.stdout.flush()
    wait(seconds, parent)
    os.environ[RECORD] = record
    try:
        write(record, crashes, time.monotonic())
    except OSError:
        wait(NO_RECORD_DELAY_SECONDS, parent)
    # Of an end that supervisord did not ask about: the next one may have another reason, or tell none.
    try:  # noqa: SIM105  (contextlib would have to be imported)
        os.unlink(record + LAST_WORDS)
    except OSError:
        pass
    if arguments[0] == PROGRAM:
        become_program(arguments[1], unpacked(os.environ.pop(PACKED)))
    if is_quiet(crashes):
        os.environ[QUIET] = "1"
        put_stderr_away(record)
    path = python_path(module_of(arguments), os.environ.get("PYTHONPATH"))
    if path is not None:
        os.environ["PYTHONPATH"] = path
    os.execv(sys.executable, [sys.executable, "-P", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
