"""What all processes share: configuration, log, signals and exit status.

The work of a process is the `body` that it passes to `run`.
"""

import contextlib
import errno
import gc
import logging
import os
import resource
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType

from framebus.config import load as configuration
from framebus.config.load import Config, ConfigError
from framebus.errors import FramebusError, ResourceError
from framebus.runtime.launch import LAST_WORDS, QUIET, RECORD, STDERR, supervisor
from framebus.runtime.log import log_to_stdout
from framebus.runtime.privileges import PrivilegeError, drop_privileges
from framebus.runtime.run_dir import RunDirError, guard, prepare
from framebus.runtime.watchdog import Watchdog

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
"""A mistake in the arguments or in the configuration, as argparse exits."""

SUPERVISED = "SUPERVISOR_ENABLED"
"""supervisord sets this for its children."""
PAUSE_BEFORE_FAILING_SECONDS = 3.0
"""A supervisord that does not start its processes through framebus.runtime.launch restarts them at once."""
ORPHAN_GRACE_SECONDS = 2.0
EXHAUSTED = (errno.EMFILE, errno.ENFILE)
"""What the kernel and libzmq answer where no more files may be open."""

logger = logging.getLogger("framebus")


class ProcessError(FramebusError):
    """Why a process cannot go on, in one sentence; it ends with EXIT_FAILED."""


class Stop:
    """Says that the process shall end: set by SIGTERM and SIGINT, and readable by a poller through its descriptor."""

    def __init__(self) -> None:
        self.requested = False
        self._reload_requested = False
        self.watchdog = Watchdog()
        """To be fed by the loop that ends when this is requested."""
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def listen(self) -> None:
        """Take SIGTERM and SIGINT; a second one ends the process at once.

        The pipe is written to by the signal itself: Python's handler might run only after the poll that it shall end.
        """
        self.watchdog.wake()
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        # Under supervisord it asks for a reload, which is for the gateway; by hand, the terminal was closed.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if SUPERVISED in os.environ else self._signalled)

    def listen_for_reload(self) -> None:
        """Take SIGHUP as well. The caller has to call `take_reload` whenever this is readable."""
        signal.signal(signal.SIGHUP, self._reload)

    def take_reload(self) -> bool:
        """Whether SIGHUP has come since the last call. Not readable any more then, even where the end was asked for."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._reader, 4096)
        reload, self._reload_requested = self._reload_requested, False
        return reload

    def request(self) -> None:
        """End, soon; safe from any thread."""
        self.requested = True
        os.write(self._writer, b"!")

    def fileno(self) -> int:
        """Readable once the end was asked for."""
        return self._reader

    def _reload(self, number: int, _frame: FrameType | None) -> None:
        self._reload_requested = True

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        if self.requested:
            os._exit(128 + number)
        self.requested = True


def run(
    name: str,
    config_path: str | None,
    body: Callable[[Config, Stop], None],
    pause_seconds: float = PAUSE_BEFORE_FAILING_SECONDS,
) -> int:
    """Be a process from start to end.

    Args:
        name: the name of the process in the log.
        config_path: the value of `--config`.
        body: runs until its `Stop` is requested, and closes what it opened. It may raise ConfigError, ProcessError and
            RunDirError to end with a sentence.
        pause_seconds: how long after its start a process ends at the earliest when it fails under a supervisord that
            restarts it at once.

    Returns:
        The exit status.
    """
    try:
        return _run(name, config_path, body, pause_seconds)
    finally:
        flush_stdout()


def flush_stdout() -> None:
    """Write what is left of the log. Python would end with status 120 when it cannot, as when the reader is gone."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _run(name: str, config_path: str | None, body: Callable[[Config, Stop], None], pause_seconds: float) -> int:
    restore_stderr()
    log_to_stdout(name)
    os.umask(0o077)  # sockets and locks are for this user alone
    began = time.monotonic()
    stop = Stop()
    stop.listen()
    if SUPERVISED in os.environ:
        threading.Thread(target=_end_with_parent, args=(stop, supervisor()), name="orphan-watch", daemon=True).start()
    try:
        config = configuration.load(config_path)
        config = drop_privileges(config, lambda: configuration.load(config_path))
        prepare(config)
        with guard(config):
            body(config, stop)
    except ConfigError as error:
        return _failed(stop, began + pause_seconds, EXIT_USAGE, error.mistakes)
    except (ProcessError, RunDirError, PrivilegeError) as error:
        return _failed(stop, began + pause_seconds, EXIT_FAILED, [str(error)])
    except Exception as error:
        if isinstance(error, ResourceError) or getattr(error, "errno", None) in EXHAUSTED:
            return _failed(stop, began + pause_seconds, EXIT_FAILED, [_too_few_files()])
        if QUIET in os.environ:  # the traceback is in the log already
            logger.error("unexpected failure: %r", error)
        else:
            logger.exception("unexpected failure")
        leave_word(repr(error))
        return _failed(stop, began + pause_seconds, EXIT_FAILED, [])
    logger.info("stopped")
    forget_crashes()
    if SUPERVISED in os.environ:
        end_quickly()
    return EXIT_OK


def end_quickly() -> None:
    """Let Python end without looking for garbage, which takes the gateway about 50 ms of processor time.

    With a twentieth of a core these are more than a second, and supervisord kills a process that takes too long to end.
    """
    gc.freeze()


def _too_few_files() -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return f"too many files are open, of which {limit} are allowed; raise the limit (ulimit -n, LimitNOFILE=)"


def restore_stderr() -> None:
    """Undo framebus.runtime.launch.put_stderr_away: the imports have succeeded."""
    descriptor = os.environ.pop(STDERR, "")
    if descriptor.isdecimal():
        os.dup2(int(descriptor), 2)
        os.close(int(descriptor))


def forget_crashes() -> None:
    """A process that ended as asked has not crashed."""
    with contextlib.suppress(KeyError, OSError):
        os.unlink(os.environ[RECORD])


def leave_word(reason: str) -> None:
    """Leave the reason for which this process ends to supervisord, for `framebus status`."""
    with contextlib.suppress(KeyError, OSError):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(os.environ[RECORD] + LAST_WORDS, flags, 0o600), "wb") as file:
            file.write(reason.encode(errors="replace"))


def _failed(stop: Stop, earliest: float, status: int, sentences: Sequence[str]) -> int:
    """Log why the process ends; `earliest` is the moment on the monotonic clock from which it may end."""
    for sentence in sentences:
        logger.error(sentence)
    if sentences:
        leave_word("; ".join(sentences))
    left = earliest - time.monotonic()
    if SUPERVISED in os.environ and RECORD not in os.environ and not stop.requested and left > 0:
        select.select([stop], [], [], left)
    return status


def _end_with_parent(stop: Stop, parent: int) -> None:
    """End when supervisord was killed with SIGKILL: a camera must not stay open without a supervisor."""
    while os.getppid() == parent:
        time.sleep(1)
    logger.error("supervisord is gone: stopping")
    stop.request()
    time.sleep(ORPHAN_GRACE_SECONDS)
    os._exit(EXIT_FAILED)
