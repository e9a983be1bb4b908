"""The thread that makes the renditions of a camera, so that its live frames never wait for them."""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.wire import RenditionCounts, retopic
from framebus.publishing.frame_builder import Published
from framebus.runtime.rate_limited_log import RateLimitedLog

logger = logging.getLogger("framebus")

STOP_SECONDS = 1.0
"""How long the end of the process waits for the frame that is being made; after that, it leaves it unfinished."""

Encode = Callable[[Published, Collection[Rendition], int], Mapping[Rendition, Published]]


class RenditionThread:
    """Takes the newest frame, and gives its renditions. It begins with the first frame that is offered.

    Its descriptor is readable when there are renditions to take. `offer`, `take`, `counts`, `flush_log` and `stop` are
    for one thread.
    """

    def __init__(
        self, camera: str, quality: int, encode: Encode | None = None, *, stop_timeout: float = STOP_SECONDS
    ) -> None:
        """Begin without a thread.

        Args:
            camera: its name in the configuration.
            quality: of the JPEGs, 1 to 100.
            encode: makes the renditions; None for that of rendition_encoder, which is imported when it is needed.
            stop_timeout: seconds for which `stop` waits.
        """
        self._quality = quality
        self._encode = encode
        self._stop_timeout = stop_timeout
        self._changed = threading.Condition()
        self._offered: Published | None = None
        self._due = 0.0
        self._wanted: set[Rendition] = set()
        self._made: dict[Rendition, Published] = {}
        self._stopped = False
        self._made_counts: Counter[Rendition] = Counter()
        self._failed_counts: Counter[Rendition] = Counter()
        self._losses = RateLimitedLog(logger)
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=f"renditions-{camera}", daemon=True)

    def fileno(self) -> int:
        """Readable when `take` should be called."""
        return self._event

    @property
    def counts(self) -> dict[str, RenditionCounts]:
        """What was done so far, by the name of the rendition."""
        return {
            each: RenditionCounts(made=self._made_counts[each], failed=self._failed_counts[each]) for each in RENDITIONS
        }

    def offer(self, frame: Published, renditions: Collection[Rendition], *, after_seconds: float = 0.0) -> None:
        """Have renditions made of this frame. It replaces one that still waits.

        Args:
            frame: a live frame.
            renditions: which ones; those that were wanted of the frame that it replaces are made as well.
            after_seconds: how long to wait before they are made; no longer than the frame that it replaces would.
        """
        due = time.monotonic() + after_seconds
        with self._changed:
            self._due = due if self._offered is None else min(due, self._due)
            self._offered = frame
            self._wanted.update(renditions)
            self._changed.notify()
        if not self._thread.is_alive() and not self._stopped:
            self._thread.start()

    def take(self) -> list[Published]:
        """The newest renditions that were made since the last call, at most one of each kind."""
        os.eventfd_read(self._event)
        with self._changed:
            made, self._made = self._made, {}
        return list(made.values())

    def flush_log(self) -> None:
        """Log the failures that are due; to be called about once a second."""
        self._losses.flush()

    def stop(self) -> None:
        """End the thread. The descriptor is closed with it, where the thread takes longer than this waits."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(self._stop_timeout)
        if not self._thread.is_alive():
            self._close()

    def _close(self) -> None:
        with self._changed:
            event, self._event = self._event, -1
        if event >= 0:
            os.close(event)

    def _run(self) -> None:
        try:
            self._make_all()
        finally:
            if self._stopped:
                self._close()

    def _make_all(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (wait_seconds := self._wait_seconds()) > 0:
                    self._changed.wait(wait_seconds)
                if self._stopped:
                    return
                frame, self._offered = self._offered, None
                wanted, self._wanted = self._wanted, set()
            assert frame is not None  # the loop above waits for it
            made = self._make(frame, wanted)
            del frame  # its pixels are not needed while this waits
            with self._changed:
                if not self._stopped:
                    self._made.update(made)
                    os.eventfd_write(self._event, 1)

    def _wait_seconds(self) -> float:
        """Until a frame is due; without one, longer than this ever waits."""
        return threading.TIMEOUT_MAX if self._offered is None else self._due - time.monotonic()

    def _make(self, frame: Published, wanted: Collection[Rendition]) -> dict[Rendition, Published]:
        try:
            if self._encode is None:
                from framebus.publishing.rendition_encoder import encode  # imported late: Pillow takes 3 MB

                self._encode = encode
            made = dict(self._encode(frame, wanted, self._quality))
            self._made_counts.update(made.keys())
            return made
        except (
            Exception
        ) as error:  # of Pillow, it may be any; a frame that is larger than asked for is better than none
            self._losses.count("frames that could not be made smaller", f"{type(error).__name__}: {error}")
            self._failed_counts.update(wanted)
            return {each: _unchanged(frame, each) for each in wanted}


def _unchanged(frame: Published, rendition: Rendition) -> Published:
    return Published(frame.header, retopic(frame.message, rendition, frame.header.camera), rendition)
