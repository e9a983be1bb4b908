"""Lets a process follow its configuration as it runs: `framebus reload` replaces the checked copy in run_dir.

Only the copy is followed, never the user's file, which may be half edited.
"""

import os
from collections.abc import Callable
from logging import Logger
from pathlib import Path

from framebus.config import checked_copy
from framebus.config import load as configuration
from framebus.config.load import ENVIRONMENT, Config
from framebus.errors import FramebusError


def copy_in_force() -> Path | None:
    """The checked copy that this process was started with; None for a process that was started by hand."""
    named = os.environ.get(ENVIRONMENT)
    return Path(named) if named and checked_copy.ORIGINAL in os.environ else None


class FollowedCopy:
    """Calls a function with each new configuration."""

    def __init__(self, apply: Callable[[Config], None], logger: Logger, file: Path | None = None) -> None:
        """Look at nothing yet: the first `check` reads the file, which may have changed since the process read it.

        Args:
            apply: Called with the configuration. It takes over what it can without a restart, and raises FramebusError
                where it cannot.
            logger: For what is wrong with a configuration.
            file: The copy; None to follow nothing.
        """
        self._apply = apply
        self._logger = logger
        self._file = file
        self._signature: tuple[int, ...] = ()

    def check(self) -> None:
        """Apply the configuration if the file was replaced; to be called about once a second, takes microseconds."""
        if self._file is None:
            return
        try:
            status = self._file.stat()
        except OSError:  # run_dir was emptied: the process ends, and starts again
            return
        signature = (status.st_ino, status.st_ctime_ns, status.st_size)
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._apply(configuration.load(self._file))
        except FramebusError as error:
            self._logger.warning("the changed configuration cannot be applied: %s", error)
