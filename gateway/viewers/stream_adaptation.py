"""Lets the frames of a stream without acknowledgements get smaller where its link is too slow.

What the connection has taken counts as arrived, which is right but for what the kernel and proxies hold. So a link that
is too slow is noticed soon, and one that has room again only by trying.
"""

import asyncio
import time

from gateway.viewers.camera_watch import CameraWatch
from gateway.viewers.link_adaptation import TICK_SECONDS, LinkAdaptation
from gateway.viewers.link_budget import LinkBudget


class StreamAdaptation:
    """Lasts until `close`."""

    def __init__(self, watch: CameraWatch) -> None:
        """Follow a stream of this watch, inside the running loop."""
        self._watch = watch
        self._camera = watch.feed.camera
        self._budget = LinkBudget()
        self._adaptation = LinkAdaptation(self._budget)
        self._adaptation.watch(self._camera, watch.wanted_level)
        self._under_way: tuple[int, int] | None = None
        self._number = 0
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)

    def sent(self, size: int) -> None:
        """A frame of so many bytes is sent; the one before was taken."""
        self._number += 1
        self._under_way = self._watch.level, size
        self._budget.sent(self._camera, self._number, size, time.monotonic())

    def taken(self) -> None:
        """The connection has taken what was sent; may be called twice."""
        if self._under_way is not None:
            self._budget.acknowledged(self._camera, self._number, time.monotonic())
            self._adaptation.drawn(self._camera, *self._under_way)
            self._under_way = None

    def close(self) -> None:
        """Follow no more."""
        self._timer.cancel()

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick)  # an error does not end it
        self._adaptation.watch(self._camera, self._watch.wanted_level)
        self._adaptation.tick({self._camera: self._watch.offered_fps()}, time.monotonic())
        self._watch.reduce_to(self._adaptation.level(self._camera))
