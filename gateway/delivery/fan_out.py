"""Hands a frame to the viewers of a camera, to so many in each turn of the event loop.

Between two turns, new connections are served, and viewers that took only a part of a frame. A frame that comes while
some still wait is the one that they get, and those who got the one before come after them. So with more viewers than
one core can serve, all get equally many frames, and each of them is the newest.
"""

import asyncio
from collections import deque
from contextlib import suppress

from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.viewer import Viewer

VIEWERS_A_TURN = 128
"""About 3 ms of work. While there is time for all, their order stays, so that each gets evenly spaced frames."""


class FanOut:
    """Made inside the running loop; closed by its owner."""

    def __init__(self) -> None:
        """Begin without viewers."""
        self._waiting: deque[Viewer] = deque()
        """Those who are still to get the newest frame, in the order of their turns."""
        self._served: deque[Viewer] = deque()
        """The others, those first who got a frame first."""
        self._next_turn: asyncio.Handle | None = None

    @property
    def late_viewers(self) -> int:
        """How many viewers could take a frame, and wait for their turn."""
        return sum(not viewer.in_flight for viewer in self._waiting) if self._waiting else 0

    def join(self, viewer: Viewer) -> None:
        """Hand the next frame to this viewer, too, after all others."""
        self._served.append(viewer)

    def leave(self, viewer: Viewer) -> None:
        """Hand it no frame any more."""
        for queue in (self._waiting, self._served):
            with suppress(ValueError):
                queue.remove(viewer)

    def send(self, encoded: EncodedFrame) -> None:
        """Hand a frame to all viewers, to the first of them now."""
        if not self._waiting and len(self._served) <= VIEWERS_A_TURN:
            self._send_to_few(encoded)
            return
        self._newest = encoded
        self._waiting.extend(self._served)
        self._served.clear()
        if self._next_turn is None:
            self._send_to_some()

    def close(self) -> None:
        """Let nobody wait any more."""
        if self._next_turn is not None:
            self._next_turn.cancel()
            self._next_turn = None
        self._served.extendleft(reversed(self._waiting))
        self._waiting.clear()

    def _send_to_few(self, encoded: EncodedFrame) -> None:
        for place, viewer in enumerate(list(self._served), 1):
            try:
                viewer.on_frame(encoded)
            except Exception:
                self._served.rotate(-place)  # so that next time the others get theirs before it
                raise

    def _send_to_some(self) -> None:
        self._next_turn = None
        newest, waiting, served = self._newest, self._waiting, self._served
        for _ in range(VIEWERS_A_TURN):
            if not waiting:
                return
            viewer = waiting.popleft()
            served.append(viewer)  # before it gets the frame, as it may leave then
            viewer.on_frame(newest)
        if waiting:
            self._next_turn = asyncio.get_running_loop().call_soon(self._send_to_some)
