"""A camera that plays a script: pictures, silences, losses and failures, in the order in which a test wants them."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from capture.rate_control import RateControl
from capture.source import READ_LIMIT_SECONDS, Source, SourceError
from framebus.publishing.picture import Picture


@dataclass(frozen=True)
class Lost:
    """The camera loses so many frames ahead of this picture, and the source throws so many damaged ones away."""

    frames: int
    picture: bytes
    damaged: int = 0


@dataclass(frozen=True)
class With:
    """A picture about which the camera says more."""

    metadata: dict[str, Any]
    picture: bytes


Step = bytes | Lost | With | Exception | Callable[[], object] | None
"""A picture; one with more to it; a failure; something to be done, or just None, while no picture comes."""


class ScriptedSource(Source):
    """Plays a step a `read`, at the rate it is given, and is silent after the last one."""

    def __init__(self, *script: Step, opening: Iterable[SourceError | None] = (), endless: Step = None) -> None:
        """`opening` is how each `open` goes: fails or not; `endless` is what comes again and again after the script."""
        self.calls: list[str] = []
        """open and close, as they came."""
        self.numbers: list[int] = []
        """The number that each picture was told to bear."""
        self._script = iter(script)
        self._opening = iter(opening)
        self._endless = endless

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def opened(self) -> int:
        """How often it was opened."""
        return self.calls.count("open")

    def open(self) -> None:
        self.calls.append("open")
        failure = next(self._opening, None)
        if failure:
            raise failure

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        if not rate_control.wait(READ_LIMIT_SECONDS):
            return None
        rate_control.taken(own_clock=False)
        return self._play(next(self._script, self._endless), seq)

    def close(self) -> None:
        self.calls.append("close")

    def _play(self, step: Step, seq: int) -> Picture | None:
        match step:
            case Exception():
                raise step
            case Lost(frames, picture, damaged):
                self.dropped += frames
                self.damaged += damaged
                return self._picture(picture, seq)
            case With(metadata, picture):
                return self._picture(picture, seq, **metadata)
            case bytes():
                return self._picture(step, seq)
            case None:
                return None
        step()
        return None

    def _picture(self, jpeg: bytes, seq: int, **metadata: Any) -> Picture:
        self.numbers.append(seq)
        return Picture(jpeg, time.time(), time.monotonic(), metadata)
