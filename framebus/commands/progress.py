"""A line on the terminal that says how far a long command is."""

import sys
import time

INTERVAL_SECONDS = 0.5


class Progress:
    """Shows one line, which is written again and again, where stderr is a terminal; nothing where it is not."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._is_terminal = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Show this, if the last line is old enough."""
        now = time.monotonic()
        if self._is_terminal and now - self._shown > INTERVAL_SECONDS:
            self._shown = now
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Remove the line."""
        if self._is_terminal and self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
