"""supervisord's options, which also fork its processes: a signal to a process that has just been forked ends it."""

import os
import signal
from importlib import import_module
from operator import attrgetter

from supervisor.options import ServerOptions

TYPE_CHECKING = False
if TYPE_CHECKING:  # supervisord does without typing, which takes 0.4 MB
    from typing import Any

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2)
"""What supervisord takes (supervisor.options, setsignals)."""


class Options(ServerOptions):  # type: ignore[misc]
    """Used by supervisord; see its methods."""

    def import_spec(self, spec: str) -> "Any":
        """Called by supervisord for "MODULE:NAME" in its configuration.

        That of supervisor 4.2 imports pkg_resources, 5 MB, and that of 4.3 importlib.metadata, 2 MB.
        """
        module, _, name = spec.partition(":")
        return attrgetter(name)(import_module(module))

    def fork(self) -> int:
        """Called by supervisord; os.fork() with the default handling of signals in the child.

        Until its program runs, the child would take signals as supervisord does: it would lose the SIGTERM that shall
        end it, and write to a descriptor of supervisord that is closed already.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        try:
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for number in HANDLED:
                    signal.signal(number, signal.SIG_DFL)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid
