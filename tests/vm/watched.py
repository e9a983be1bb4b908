"""A real capture process as its subscribers see it, from the first picture through every fault."""

import time
from collections.abc import Callable, Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from framebus import Frame, Subscriber
from framebus.client.controls import request_controls
from framebus.config.load import Config
from framebus.protocol.controls import Control, ControlsRequest, Value, named
from framebus.protocol.wire import StatusHeader
from tests.capture.listener import Listener
from tests.processes import Running
from tests.vm.clip import SIZES, file_of, pictures
from tests.vm.hardware import SLOWNESS

RECOVERY_SECONDS = 3.0
"""What is promised: pictures again so soon after the cause is gone."""
FRAME_SECONDS = 10.0 * SLOWNESS
"""A picture has come within these, or none comes."""


class Watched:
    """One capture, one subscriber that stays whatever happens, and the news. Close it before the capture."""

    def __init__(self, config: Config, process: Running, shown: Collection[bytes] = ()) -> None:
        """`shown` are all the pictures that may come; none are given where capture encodes them itself."""
        self.process = process
        self.config = config
        self.last: Frame | None = None
        self._shown = shown
        self._subscriber = Subscriber("front", config=config.path, timeout=FRAME_SECONDS)
        self._news = Listener(config, "status")

    def frame(self) -> Frame:
        """The next frame. Its number is higher than that of the one before, in the same run; and it is complete."""
        frame = self._subscriber.receive()
        assert not self._shown or frame.jpeg in self._shown
        if self.last is not None:
            assert frame.epoch == self.last.epoch, self.process.log
            assert frame.seq > self.last.seq
        self.last = frame
        return frame

    def frame_since(self, begin: float) -> Frame:
        """The next frame that was taken after this moment of time.monotonic()."""
        deadline = time.monotonic() + FRAME_SECONDS
        while (frame := self.frame()).header.monotonic < begin:
            assert time.monotonic() < deadline, self.process.log
        return frame

    def status(self, true: Callable[[StatusHeader], object], seconds: float = FRAME_SECONDS) -> StatusHeader:
        """The next status of which something holds."""
        deadline = time.monotonic() + seconds
        for status in self._news.statuses(seconds):
            if true(status):
                return status
            assert time.monotonic() < deadline, f"the last status was {status}; the log:\n{self.process.log}"
        raise AssertionError

    def offline(self, seconds: float = FRAME_SECONDS) -> str:
        """Wait until it says that the camera is away; returns the reason."""
        return self.status(lambda status: status.state == "offline", seconds).reason

    def live(self) -> StatusHeader:
        """Wait until it says that all is well."""
        return self.status(lambda status: status.state == "live")

    def set(self, name: str, value: Value) -> Control:
        """Set a control through capture; returns what it says of it then."""
        return named(self.ask(ControlsRequest(set={name: value})), name)

    def ask(self, request: ControlsRequest) -> list[Control]:
        """What the capture answers to a request for controls. Raises ControlError."""
        return request_controls("front", request, timeout=FRAME_SECONDS, config=self.config.path)

    def close(self) -> None:
        """Go away."""
        self._subscriber.close()
        self._news.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def clip_pictures(clips: Path) -> set[bytes]:
    """All that a USB camera with Motion JPEG may show."""
    return {picture for size in SIZES for picture in pictures(file_of(clips, size))}
