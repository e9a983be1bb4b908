"""The recordings that were asked for, in a file, so that a recorder that is started again goes on with them."""

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from framebus.runtime.atomic_write import write_atomically
from framebus.runtime.host_clock import from_host, to_host
from framebus.runtime.rate_limited_log import RateLimitedLog

MODE = 0o600


class _File(msgspec.Struct):
    boot: str
    until: dict[str, float | None]
    """CLOCK_MONOTONIC of the machine at the end of each camera's recording; None for until it is stopped."""


class Demands:
    """The file. It is small, and lies in the folder of the sockets, which is memory on most machines."""

    def __init__(self, file: Path, boot: str) -> None:
        """`boot` is the id of this boot of the machine: a request lasts no longer."""
        self._file = file
        self._boot = boot
        self._losses = RateLimitedLog(logging.getLogger("recorder"))

    def read(self, now: float) -> dict[str, float | None]:
        """Of each camera the seconds that are left; None for until it is stopped.

        Args:
            now: seconds of this process's CLOCK_MONOTONIC.
        """
        try:
            found = msgspec.json.decode(self._file.read_bytes(), type=_File)
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._losses.count("files of requested recordings that cannot be read", f"{self._file}: {error}")
            return {}
        if found.boot != self._boot:
            return {}
        left = {name: None if at is None else from_host(at) - now for name, at in found.until.items()}
        return {name: seconds for name, seconds in left.items() if seconds is None or seconds > 0}

    def write(self, left: Mapping[str, float | None], now: float) -> None:
        """Note what `read` is to return after a restart."""
        until = {name: None if seconds is None else to_host(now + seconds) for name, seconds in left.items()}
        try:
            write_atomically(self._file, msgspec.json.encode(_File(self._boot, until)), MODE)
        except OSError as error:
            self._losses.count("requested recordings that a restart would end", f"{self._file}: {error.strerror}")
