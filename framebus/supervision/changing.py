"""Changes the processes of a running supervisord: all that end have ended before any starts.

A renamed camera keeps its device that way: the old process closes it before the new one opens it. A process that does
not end, as the kernel waits for its device, holds up the others only for a while.
"""

import time
from collections.abc import Callable, Mapping

from supervisor.states import RUNNING_STATES, STOPPED_STATES, ProcessStates

TYPE_CHECKING = False
if TYPE_CHECKING:  # supervisord does without typing, which takes 0.4 MB
    from typing import Any

GRACE_SECONDS = 4.0
"""How long a process may still take to end after its stopwaitsecs, when supervisord kills it."""


class Changing:
    """One change, from the moment at which the first process is told to stop until the last one has started."""

    def __init__(
        self,
        group: "Any",
        configs: "Mapping[str, Any]",
        stop: list[str],
        start: list[str],
        *,
        stuck: list[str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare it; `step` does it.

        Args:
            group: supervisord's ProcessGroup, which holds all processes.
            configs: supervisord's ProcessConfig of each program that there shall be.
            stop: The programs that end.
            start: The programs that start after that; those that restart are in both.
            stuck: The `stuck` of the change before, which this one takes over.
            now: Seconds of a monotonic clock.
        """
        self._group = group
        self._configs = configs
        self._stop = [name for name in dict.fromkeys([*stuck, *stop]) if name in group.processes]
        self._start = list(dict.fromkeys([*stuck, *start]))
        self._now = now
        waits = (group.processes[name].config.stopwaitsecs for name in self._stop)
        self._deadline = now() + max(waits, default=0) + GRACE_SECONDS
        self.stuck = stuck
        """The programs that do not end. `step` starts what follows them when they have ended."""

    def step(self) -> bool:
        """Go on, and return whether the change is complete but for `stuck`.

        To be called at each turn of supervisord's loop until it is complete and none is stuck.
        """
        for name in list(self._stop):
            process = self._group.processes[name]
            state = process.get_state()
            if state in STOPPED_STATES:  # also one that has just crashed: it must not start again
                del self._group.processes[name]
                self._stop.remove(name)
            elif state == ProcessStates.BACKOFF:
                process.give_up()
            elif state in RUNNING_STATES:
                process.stop()
        if any(name not in self.stuck for name in self._stop) and self._now() < self._deadline:
            return False
        self.stuck = list(self._stop)
        self._group.config.process_configs = list(self._configs.values())
        for name in self._start:
            if name in self._configs and name not in self._group.processes:
                self._configs[name].create_autochildlogs()
                self._group.processes[name] = self._configs[name].make_process(self._group)
        return True
