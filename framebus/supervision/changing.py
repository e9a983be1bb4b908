"""Changes the processes of a running supervisord: all that end have ended before any starts.

A renamed camera keeps its device that way: the old process closes it before the new one opens it.
"""

from collections.abc import Mapping
from typing import Any

from supervisor.states import RUNNING_STATES, STOPPED_STATES, ProcessStates


class Changing:
    """One change, from the moment at which the first process is told to stop until the last one has started."""

    def __init__(self, group: Any, configs: Mapping[str, Any], stop: list[str], start: list[str]) -> None:
        """Prepare it; `step` does it.

        Args:
            group: supervisord's ProcessGroup, which holds all processes.
            configs: supervisord's ProcessConfig of each program that there shall be.
            stop: The programs that end.
            start: The programs that start after that; those that restart are in both.
        """
        self._group = group
        self._configs = configs
        self._stop = [name for name in stop if name in group.processes]
        self._start = start

    def step(self) -> bool:
        """Go on, and return whether the change is complete; to be called at each turn of supervisord's loop."""
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
        if self._stop:
            return False
        self._group.config.process_configs = list(self._configs.values())
        for name in self._start:
            if name in self._configs and name not in self._group.processes:
                self._configs[name].create_autochildlogs()
                self._group.processes[name] = self._configs[name].make_process(self._group)
        return True
