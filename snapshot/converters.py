"""Threads in which pictures are converted, beside the loop of snapshot.server."""

import logging
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

from snapshot.conversion import convert
from snapshot.still import Still
from snapshot.still_service import Job

logger = logging.getLogger("snapshot")

CONVERTERS = 2
"""Pillow lets them run beside each other; each takes the memory of a decoded picture."""


class Converters:
    """Threads that convert. Their descriptor is readable when there are results."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(CONVERTERS, "convert")
        self._done: deque[tuple[Job, Still | None]] = deque()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Readable when `results` should be called."""
        return self._event

    def begin(self, job: Job) -> None:
        """Have it converted."""
        self._threads.submit(self._run, job)

    def results(self) -> list[tuple[Job, Still | None]]:
        """What is done since the last call."""
        os.eventfd_read(self._event)
        return [self._done.popleft() for _ in range(len(self._done))]

    def close(self) -> None:
        """Begin nothing more; what is under way is finished, and nobody gets it."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job) -> None:
        try:
            result = convert(job.still, job.wanted)
        except (OSError, ValueError) as error:  # what Pillow raises for a picture that it cannot read
            logger.warning("a picture of camera %s cannot be converted: %s", job.wanted.camera, error)
            result = None
        self._done.append((job, result))
        os.eventfd_write(self._event, 1)
