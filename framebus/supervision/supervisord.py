"""supervisord with four differences: SIGHUP reloads the configuration, its log is framebus's own, it knows why a
process ended, and it reports to systemd.

It imports the standard library and supervisor, and neither the configuration nor ZeroMQ, so that it stays small.
"""

import contextlib
import logging
import os
import signal
import time
from pathlib import Path

from supervisor.medusa import asyncore_25 as asyncore
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from framebus.runtime.launch import LAST_WORDS
from framebus.runtime.log import log_to_stdout
from framebus.supervision.changing import Changing
from framebus.supervision.checking import Checking
from framebus.supervision.files import NEXT, Files
from framebus.supervision.history import History, described, last_words
from framebus.supervision.options import Options
from framebus.supervision.service_manager import ServiceManager
from framebus.supervision.wakeup import Wakeup

TYPE_CHECKING = False
if TYPE_CHECKING:  # supervisord does without typing, which takes 0.4 MB
    from typing import Any

logger = logging.getLogger("framebus")

GROUP = "framebus"
END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
STOPPING = "framebus is stopping"
RELOADED = "its configuration was changed"


class Supervisord(Supervisor):  # type: ignore[misc]
    """Made with `Options`; `main` runs it until the end."""

    def __init__(self, options: "Any") -> None:
        super().__init__(options)
        self.history = History()
        self.started = time.time()
        self._run_dir = Path(os.environ["FRAMEBUS_RUN_DIR"])
        self._has_terminal = os.isatty(0)
        self._requested = 0
        """Reloads that were asked for; one answers all that were asked for before it began."""
        self._begun = 0
        self.answered = 0
        self.answer: dict[str, list[str]] = {}
        """Of the last reload: `mistakes`, or what it did."""
        self._checking: Checking | None = None
        self._changing: Changing | None = None
        self._late: Changing | None = None
        """The last change, while it waits for processes that do not end."""
        self._plan: dict[str, list[str]] = {}
        self._wakeup = Wakeup()
        self._service_manager = ServiceManager()
        self._is_told_of_end = False

    @property
    def group(self) -> "Any":
        """supervisord's group of all processes."""
        return self.process_groups[GROUP]

    @property
    def ends(self) -> bool:
        """Whether it was asked to end."""
        return bool(self.options.mood < SupervisorStates.RUNNING)

    def request_reload(self) -> int:
        """Read the configuration again, soon; returns the number that `answered` reaches when that is done."""
        self._requested += 1
        return self._requested

    def handle_signal(self) -> None:
        """Called by supervisord at each turn of its loop."""
        number = self.options.get_signal()
        if number == signal.SIGHUP and not self._terminal_is_gone():
            self.request_reload()
        elif number in END_SIGNALS or number == signal.SIGHUP:
            if not self.ends:
                logger.info("stops, after %s", signal.Signals(number).name)
            self.options.mood = SupervisorStates.SHUTDOWN

    def reap(self, once: bool = False, recursionguard: int = 0) -> None:
        """Called by supervisord at each turn of its loop: take note of the processes that have ended."""
        while True:
            pid, status = self.options.waitpid()
            if not pid:
                return
            process = self.options.pidhistory.pop(pid, None)
            if process is not None:
                process.finish(pid, status)
            if process is not None and not isinstance(process, Checking):
                self._ended(process, pid, status)

    def get_process_map(self) -> "dict[int, Any]":
        """Called by supervisord at each turn of its loop: what it polls."""
        found: dict[int, Any] = super().get_process_map()
        found[self._wakeup.descriptor] = self._wakeup
        if self._checking is not None and self._checking.readable():
            found[self._checking.descriptor] = self._checking
        return found

    def tick(self, now: float | None = None) -> None:
        """Called by supervisord at each turn of its loop, at least once a second."""
        super().tick(now)
        if not self._is_told_of_end:
            self._service_manager.tick(self._summary())
        if self.ends:
            if not self._is_told_of_end:
                self._service_manager.stop()
                self._is_told_of_end = True
            if self._checking is not None:
                self._checking.kill()
            self._answer({"mistakes": [STOPPING]}, self._requested)
        else:
            self._work()

    def _work(self) -> None:
        """Do what is next for a reload."""
        if self._late is not None:
            self._late.step()
            self._late = self._late if self._late.stuck else None
        if self._changing is not None:
            self._go_on(self._changing)
        elif self._checking is not None:
            self._take_answer(self._checking)
        elif self._requested > self._begun:
            self._begin()

    def _summary(self) -> str:
        """What `systemctl status` shows."""
        states = {name: process.get_state() for name, process in self.group.processes.items()}
        away = sorted(name for name, state in states.items() if state != ProcessStates.RUNNING)
        run = f"{len(states) - len(away)} of {len(states)} processes run"
        return f"{run}; not {', '.join(away)}" if away else run

    def _begin(self) -> None:
        self._begun = self._requested
        try:
            self._checking = Checking()
        except OSError as error:
            self._fail(f"the configuration cannot be checked: {error.strerror}")
            return
        self.options.pidhistory[self._checking.pid] = self._checking

    def _take_answer(self, checking: Checking) -> None:
        answer = checking.answer()
        if answer is None:
            return
        self._checking = None
        if "mistakes" in answer:
            self._refuse(answer["mistakes"])
            return
        try:
            Files.of(self._run_dir, NEXT).replace(Files.of(self._run_dir))
            self.options.process_config(do_usage=False)
        except (OSError, ValueError) as error:
            self._fail(f"the new configuration cannot be put in force: {error}")
            return
        self._plan = answer
        configs = {config.name: config for config in self._new_group().process_configs}
        restart = answer["restart"]
        for name in (*answer["stop"], *restart, *answer["start"]):
            self._forget_crashes(name)
        for name in restart:
            self.history.add(name, RELOADED)
        for name in answer["stop"]:
            self.history.ended.pop(name, None)
        stuck = self._late.stuck if self._late is not None else []
        self._late = None
        stop, start = [*answer["stop"], *restart], [*answer["start"], *restart]
        self._changing = Changing(self.group, configs, stop, start, stuck=stuck)
        self._go_on(self._changing)

    def _go_on(self, changing: Changing) -> None:
        if not changing.step():
            return
        self._changing = None
        self._wakeup.wake()  # supervisord starts what is new at the beginning of a turn
        self._late = changing if changing.stuck else None
        for sentence in self._plan["sentences"]:
            logger.info("reload: %s", sentence)
        stuck = [f"{name} does not end" for name in changing.stuck]
        for sentence in stuck:
            logger.warning("reload: %s", sentence)
        self._answer({**self._plan, "sentences": [*self._plan["sentences"], *stuck]}, self._begun)

    def _new_group(self) -> "Any":
        return next(config for config in self.options.process_group_configs if config.name == GROUP)

    def _refuse(self, mistakes: list[str]) -> None:
        with contextlib.suppress(OSError):
            Files.of(self._run_dir, NEXT).remove()
        for mistake in mistakes:
            logger.error("reload: %s", mistake)
        logger.error("reload: nothing was changed")
        self._answer({"mistakes": mistakes}, self._begun)

    def _fail(self, mistake: str) -> None:
        self._refuse([mistake])

    def _answer(self, answer: dict[str, list[str]], number: int) -> None:
        if number > self.answered:
            self.answered, self.answer = number, answer

    def _ended(self, process: "Any", pid: int, status: int) -> None:
        """Log why a process has ended, unless it was asked to."""
        name, why = process.config.name, described(status)
        if process.get_state() == ProcessStates.STOPPED:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
                logger.warning("%s did not stop within %g s and was killed", name, process.config.stopwaitsecs)
        elif not self.ends:
            self._wakeup.wake()  # supervisord starts it again at the beginning of a turn
            words = last_words(self._record(name, LAST_WORDS))
            self.history.add(name, f"{why}: {words}" if words else why)
            logger.warning("%s has ended: %s; it starts again", name, why)
            if process.config.stopasgroup:  # a program of the user's: what is left of it would be in its own way
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGTERM)

    def _forget_crashes(self, name: str) -> None:
        """A process with another configuration starts without delay."""
        for end in ("", ".stderr", LAST_WORDS):
            with contextlib.suppress(OSError):
                self._record(name, end).unlink()

    def _record(self, name: str, end: str) -> Path:
        """What framebus.runtime.launch keeps of a process."""
        return self._run_dir / f"{name}.starts{end}"

    def _terminal_is_gone(self) -> bool:
        """Whether the terminal that it was started in was closed, which sends SIGHUP as well."""
        return self._has_terminal and not os.isatty(0)


def main() -> int:
    """Run supervisord until the end; the arguments are its own."""
    log_to_stdout("framebus")
    options = Options()
    options.realize()
    options.first = True
    options.test = False
    with contextlib.suppress(asyncore.ExitNow):
        Supervisord(options).main()
    options.close_httpservers()
    options.close_logger()
    return 0
