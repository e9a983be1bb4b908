"""Which pictures have to be converted, and which are kept: each conversion is made once, for all that ask for it."""

from collections import OrderedDict, deque
from collections.abc import Iterable

import msgspec

from snapshot.conversion import Conversion
from snapshot.errors import StillError
from snapshot.still import Still

MAX_CONVERSIONS = 64
"""Pictures that wait to be converted; more are refused at once."""
Envelope = list[bytes]
"""The parts before a request, which come back before its reply."""


class Job(msgspec.Struct, eq=False):
    """A picture to be converted, and the requests that wait for it."""

    wanted: Conversion
    still: Still
    max_megapixels: float
    envelopes: list[Envelope] = msgspec.field(default_factory=list)


class ConversionJobs:
    """The conversions that were asked for, until they have ended, and the newest results."""

    def __init__(self, max_waiting: int, cache_bytes: float) -> None:
        """Start with none.

        Args:
            max_waiting: pictures that may wait to be converted.
            cache_bytes: how much the results that are kept may take.
        """
        self.kept_bytes = 0
        self._max_waiting = max_waiting
        self._cache_bytes = cache_bytes
        self._new: deque[Job] = deque()
        self._running: dict[Conversion, Job] = {}
        self._kept: OrderedDict[Conversion, bytes] = OrderedDict()

    def request(self, envelope: Envelope, wanted: Conversion, still: Still, max_megapixels: float) -> bytes | None:
        """Return the reply if it is kept; otherwise convert the picture for this request, and None.

        Raises:
            StillError: too many pictures wait.
        """
        if wanted in self._kept:
            self._kept.move_to_end(wanted)
            return self._kept[wanted]
        if wanted in self._running:
            self._running[wanted].envelopes.append(envelope)
        elif len(self._running) >= self._max_waiting:
            raise StillError("busy", f"{self._max_waiting} pictures wait already to be converted")
        else:
            self._running[wanted] = job = Job(wanted, still, max_megapixels, [envelope])
            self._new.append(job)
        return None

    def new(self) -> Iterable[Job]:
        """Return the conversions to start, each once; `end` is to be called when one has ended."""
        while self._new:
            yield self._new.popleft()

    def end(self, job: Job, reply: bytes | None) -> None:
        """Take the end of a job, and keep its reply; None for one that has failed."""
        del self._running[job.wanted]
        if reply is None:
            return
        self._kept[job.wanted] = reply
        self.kept_bytes += len(reply)
        while self.kept_bytes > self._cache_bytes:
            self.kept_bytes -= len(self._kept.popitem(last=False)[1])
