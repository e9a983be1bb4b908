"""Threads that convert pictures while the loop of snapshot.server goes on."""

import logging
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from framebus.runtime.rate_limited_log import RateLimitedLog
from snapshot.conversion import MEGAPIXEL, Conversion, convert, pixels
from snapshot.conversion_jobs import Job
from snapshot.errors import StillError
from snapshot.still import Still

logger = logging.getLogger("snapshot")

CONVERTERS = 2
"""Threads for pictures up to LARGE_MEGAPIXELS; each needs the memory of a decoded picture."""
LARGE_MEGAPIXELS = 16
"""Larger pictures are converted one at a time: Pillow takes 4 bytes a pixel, and twice that to turn a picture."""

Convert = Callable[[Still, Conversion, float], Still]


class Result(NamedTuple):
    """How a conversion ended."""

    job: Job
    outcome: Still | StillError
    cause: str = ""
    """For the log, when there is no picture."""


class Converters:
    """Converts pictures in threads. `fileno` is readable when there are results.

    Every job gets a result, whatever its conversion raises.
    """

    def __init__(self, convert: Convert = convert) -> None:
        """`convert` makes one picture of another; see snapshot.conversion.convert."""
        self.losses = RateLimitedLog(logger)
        """Pictures that could not be converted; call `flush` about once a second."""
        self._convert = convert
        self._threads = ThreadPoolExecutor(CONVERTERS, "convert")
        self._large_thread = ThreadPoolExecutor(1, "convert-large")
        self._done: deque[Result] = deque()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """The descriptor that is readable when `results` should be called."""
        return self._event

    def submit(self, job: Job) -> None:
        """Start a conversion."""
        self._threads.submit(self._run, job, self._convert_or_queue)

    def results(self) -> list[Result]:
        """Return the results since the last call: the picture, or why there is none."""
        os.eventfd_read(self._event)
        results = [self._done.popleft() for _ in range(len(self._done))]
        for result in results:
            if result.cause:
                self.losses.count("pictures not converted", result.cause)
        return results

    def close(self) -> None:
        """Cancel the conversions that wait. Those under way end without a result."""
        for threads in (self._threads, self._large_thread):
            threads.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, work: Callable[[Job], Still | None]) -> None:
        """Append the result of a job, whatever `work` raises, unless that returns None."""
        camera = job.wanted.camera
        try:
            still = work(job)
            result = None if still is None else Result(job, still)
        except StillError as error:
            result = Result(job, error, str(error))
        except MemoryError:
            refused = StillError("busy", f"too little memory to convert a picture of camera {camera}")
            result = Result(job, refused, str(refused))
        except Exception as error:  # Pillow raises exceptions of many types for damaged pictures
            refused = StillError("damaged", f"a picture of camera {camera} cannot be decoded")
            result = Result(job, refused, f"{refused}: {type(error).__name__}: {error}")
        if result is not None:
            self._done.append(result)
            os.eventfd_write(self._event, 1)

    def _convert_or_queue(self, job: Job) -> Still | None:
        """Convert a picture; a large one is left to the one thread for these, and None is returned."""
        if pixels(job.still.jpeg) <= LARGE_MEGAPIXELS * MEGAPIXEL:
            return self._convert(job.still, job.wanted, job.max_megapixels)
        self._large_thread.submit(self._run, job, lambda job: self._convert(job.still, job.wanted, job.max_megapixels))
        return None
