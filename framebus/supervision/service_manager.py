"""Tells systemd that supervisord is ready, what it does, and that its loop still runs: sd_notify(3).

With WatchdogSec= in the unit, systemd kills a supervisord that hangs or was stopped, and starts another: nothing else
would notice, and a process that ends meanwhile would stay away.
"""

import os
import socket
import time
from collections.abc import Callable, MutableMapping

SHARE = 0.4
"""Of the watchdog's time: twice within it, as sd_watchdog_enabled(3) advises, and a little earlier."""


class ServiceManager:
    """Notifies the unit's manager. Without systemd, all of it does nothing."""

    def __init__(
        self, environment: MutableMapping[str, str] | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Take what systemd has put into the environment out of it: it is not for the processes of supervisord.

        Args:
            environment: by default that of this process.
            now: CLOCK_MONOTONIC in seconds.
        """
        environment = os.environ if environment is None else environment
        address = environment.pop("NOTIFY_SOCKET", "")
        microseconds, pid = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        self._now = now
        self._address = "\0" + address[1:] if address.startswith("@") else address
        is_watched = microseconds.isdecimal() and pid in ("", str(os.getpid()))
        self._period = int(microseconds) / 1e6 * SHARE if is_watched else float("inf")
        self._due = 0.0
        self._told = ""
        self._is_ready = False

    def tick(self, status: str) -> None:
        """Tell what is due; to be called at each turn of the loop. The first call tells that it is ready."""
        lines = [] if self._is_ready else ["READY=1"]
        self._is_ready = True
        if status != self._told:
            lines.append(f"STATUS={status}")
            self._told = status
        if self._now() >= self._due and self._period != float("inf"):
            lines.append("WATCHDOG=1")
            self._due = self._now() + self._period
        self._send(lines)

    def stop(self) -> None:
        """Tell that it is ending."""
        self._send(["STOPPING=1"])

    def _send(self, lines: list[str]) -> None:
        if not lines or not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.setblocking(False)
            try:
                notify.sendto("\n".join(lines).encode(), self._address)
            except OSError:
                return  # systemd does without, or the next turn tells the watchdog
