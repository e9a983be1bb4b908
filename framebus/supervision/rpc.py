"""What `framebus reload` and `framebus status` ask of supervisord; supervisord.conf names it as an RPC interface."""

import json
import os
from types import FunctionType

from supervisor.http import NOT_DONE_YET

from framebus.supervision import RUNNING_VERSION
from framebus.supervision.history import uptime_seconds
from framebus.supervision.supervisord import Supervisord

TYPE_CHECKING = False
if TYPE_CHECKING:  # supervisord does without typing, which takes 0.4 MB
    from typing import Any

POLL_SECONDS = 0.1


class FramebusInterface:
    """The methods of the namespace `framebus`. Each answers with JSON in ASCII: supervisor counts letters as bytes."""

    def __init__(self, supervisord: Supervisord) -> None:
        self._supervisord = supervisord

    def reload(self) -> "Any":
        """Read the configuration again, and answer with `mistakes` or `sentences` when that is done."""
        supervisord = self._supervisord
        number = supervisord.request_reload()

        def answer() -> "Any":
            return json.dumps(supervisord.answer) if supervisord.answered >= number else NOT_DONE_YET

        assert isinstance(answer, FunctionType)  # supervisor calls it until it has an answer
        answer.delay = POLL_SECONDS  # type: ignore[attr-defined]
        return answer

    def status(self) -> str:
        """Say which version runs, for how long, and what its processes do."""
        processes: list[dict[str, Any]] = []
        for name, process in self._supervisord.group.processes.items():
            ended = self._supervisord.history.ended.get(name)
            processes.append(
                {
                    "name": name,
                    "pid": process.pid or None,
                    "uptime": uptime_seconds(process.pid) if process.pid else None,
                    "restarts": ended.times if ended else 0,
                    "last_restart": ended.at if ended else None,
                    "why": ended.why if ended else None,
                }
            )
        return json.dumps(
            {
                "version": os.environ.get(RUNNING_VERSION),
                "pid": os.getpid(),
                "uptime": uptime_seconds(os.getpid()),
                "processes": processes,
            }
        )


def make(supervisord: Supervisord, **_settings: str) -> FramebusInterface:
    """Called by supervisord."""
    return FramebusInterface(supervisord)
