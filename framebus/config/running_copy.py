"""Uses the configuration that a running framebus was started with, where its file was changed since and is no use.

An edit that is not finished must not stop a program that talks to a framebus which runs.
"""

import logging
import os
import re
from pathlib import Path

from framebus.config import checked_copy
from framebus.config import load as configuration
from framebus.config.load import Config, ConfigError, default_run_dir
from framebus.runtime.regular_file import read_regular
from framebus.runtime.socket_probe import is_served

RUN_DIR_LINE = re.compile(r"""^\s*run_dir\s*=\s*(["'])(.+?)\1""", re.MULTILINE)
"""Of a file that may be no TOML at all."""
SUPERVISOR_SOCKET = "supervisor.sock"
USED_INSTEAD = "The configuration with which framebus was started is used instead."

logger = logging.getLogger("framebus")
_said: set[str] = set()


def load(path: str | os.PathLike[str] | None = None, *, keys: bool = True, camera: str | None = None) -> Config:
    """Read the configuration as `framebus.config.load` does; where it has mistakes, that of the running framebus.

    That the running one is used is logged once.

    Args:
        path: the file; None to look for it.
        keys: as there.
        camera: a camera that is asked for: a running configuration that has it is preferred to a file that has not.

    Raises:
        ConfigError: It has mistakes, and no framebus runs with an earlier version of it.
    """
    try:
        config = configuration.load(path, keys=keys)
    except ConfigError as error:
        running = of(configuration.find(path), keys=keys)
        if running is None:
            raise
        _say_once(f"{error}\n{USED_INSTEAD}")
        return running
    if camera is not None and config.path is not None and camera not in config.cameras:
        running = of(config.path, keys=keys)
        if running is not None and camera in running.cameras:
            _say_once(f"{config.path} no longer has a camera {camera}\n{USED_INSTEAD}")
            return running
    return config


def of(file: Path | None, *, keys: bool = True) -> Config | None:
    """The configuration of a framebus that was started with this file and runs."""
    if file is None:
        return None
    original = file.absolute()
    for run_dir in _run_dirs(original):
        copy = run_dir / checked_copy.FILE_NAME
        try:
            text = read_regular(copy).decode("utf-8")
            made_of = checked_copy.original_of(text)
            if made_of is not None and made_of.path == original and is_served(run_dir / SUPERVISOR_SOCKET):
                return configuration.load(copy, keys=keys)
        except (OSError, ValueError, ConfigError):  # it is not there, or another user's
            continue
    return None


def _run_dirs(file: Path) -> list[Path]:
    """Where the sockets of the framebus of this file may be."""
    try:
        named = RUN_DIR_LINE.search(read_regular(file).decode("utf-8", errors="replace"))
    except OSError:
        named = None
    default = Path(default_run_dir())
    return [default] if named is None else [file.parent / named[2], default]


def _say_once(text: str) -> None:
    if text not in _said:
        _said.clear()  # a long-lived program may meet many edits
        _said.add(text)
        logger.warning(text)
