"""A reader at work, as the tests of its parts use it, and a source that raises where it is told to."""

import contextlib
import queue
import select
import ssl
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from capture.control_service import ControlService
from capture.rate_control import RateControl
from capture.reader import Reader
from capture.retry_schedule import RetrySchedule
from capture.source import Source
from framebus.client.frame_filter import FrameFilter
from framebus.protocol.controls import Control
from framebus.protocol.frame import Frame
from framebus.publishing.frame_builder import Published
from framebus.publishing.picture import Picture
from tests.capture.fake_source import ScriptedSource
from tests.capture.jpegs import jpeg
from tests.processes import DEADLINE_SECONDS, wait_until

FPS = 200


NO_CONTROLS = ControlService("front", {}, Path("/nowhere/front.controls.json"))


PICTURE = jpeg((32, 24))


CUT_OFF = PICTURE[:-20]


CUT_OFF_REASON = f"cut off after {len(CUT_OFF)} bytes: no end of image"


def frame(source: Source, rate_control: RateControl) -> Picture:
    """The next one that comes."""
    found: list[Picture] = []

    def comes() -> bool:
        found.extend(filter(None, [source.read(rate_control, 1)]))
        return bool(found)

    wait_until(comes, "a frame")
    return found[0]


class RecordingRateControl(RateControl):
    """Notes the pauses that are asked for, and makes them short."""

    def __init__(self, fps: float) -> None:
        super().__init__(fps)
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        super().pause(min(seconds, 0.01))


class RecordingSchedule(RetrySchedule):
    """Notes the pauses between attempts, and makes them short."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def fail(self) -> float:
        self.pauses.append(super().fail())
        return min(self.pauses[-1], 0.01)


class Reading:
    """A reader at work, and its frames as a subscriber gets them."""

    def __init__(
        self,
        make: Callable[[], Source],
        fps: float = FPS,
        control_service: ControlService = NO_CONTROLS,
        **options: Any,
    ) -> None:
        self.rate_control = RecordingRateControl(fps)
        self.schedule = RecordingSchedule()
        options.setdefault("retry_schedule", self.schedule)
        self._published: queue.Queue[Published] = queue.Queue(1)
        self.reader = Reader("front", make, self.rate_control, control_service, self._publish, epoch="e1", **options)
        self._frame_filter = FrameFilter()
        self.reader.start()

    def take(self) -> Published | None:
        """The frame that was published when something has changed; None where something else has."""
        readable, _, _ = select.select([self.reader], [], [], DEADLINE_SECONDS)
        assert readable, f"no news of the reader; its trouble: {self.reader.trouble!r}"
        self.reader.clear()
        with contextlib.suppress(queue.Empty):
            return self._published.get_nowait()
        return None

    def frame(self) -> Frame:
        """The next frame."""
        while (published := self.take()) is None:
            pass
        frame = self._frame_filter.accept(published.message)
        assert frame is not None
        assert frame.header == published.header
        return frame

    def until(self, true: Callable[[], object], what: str) -> None:
        """Let the reader go on until something holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not true():
            assert time.monotonic() < deadline, what
            if select.select([self.reader], [], [], 0.02)[0]:
                self.take()

    def _publish(self, frame: Published) -> None:
        """Hand over a frame once the one before was taken, so that the test sees each."""
        while not self.rate_control.stopped:
            with contextlib.suppress(queue.Full):
                self._published.put(frame, timeout=0.1)
                self.reader.notify()
                return


Start = Callable[..., Reading]


FAILURES: list[BaseException] = [
    ZeroDivisionError("a bug"),
    ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or bad record mac"),
    struct.error("unpack requires a buffer of 4 bytes"),
    MemoryError(),
    RecursionError("maximum recursion depth exceeded"),
    KeyError("width"),
    UnicodeDecodeError("ascii", b"\xff", 0, 1, "ordinal not in range"),
    AssertionError(),
    OSError(24, "Too many open files"),
    SystemExit(3),
    KeyboardInterrupt(),
]


class BrokenSource(ScriptedSource):
    """Raises something where it is told to, and gives pictures otherwise."""

    has_stills = True

    def __init__(self, where: str, failure: BaseException) -> None:
        super().__init__(endless=PICTURE)
        self.mended = False
        self._where = where
        self._failure = failure

    @property
    def name(self) -> str:
        self._maybe("name")
        return "broken"

    def open(self) -> None:
        super().open()
        self._maybe("open")

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        self._maybe("read")
        return super().read(rate_control, seq)

    def close(self) -> None:
        super().close()
        self._maybe("close")

    def still(self, seq: int) -> Picture | None:
        self._maybe("still")
        return self._play(PICTURE, seq)

    def controls(self) -> list[Control]:
        self._maybe("controls")
        return []

    def changed(self) -> bool:
        raise self._failure

    def _maybe(self, where: str) -> None:
        if where == self._where and not self.mended:
            raise self._failure
