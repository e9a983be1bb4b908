"""Watching a camera or a file through MediaSource: opened, read picture by picture, and gone at the end."""

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from tests.capture import jpegs
from tests.processes import DEADLINE_SECONDS, wait_until

LOGIN = "admin:geheim"
ANY_SIZE = Size(1280, 720)
PICTURES = [jpegs.jpeg((64, 48), quality=quality) for quality in range(30, 90, 10)]
SHORT = 0.4
"""The patience, in seconds, of tests in which it shall run out."""


@contextlib.contextmanager
def opened(
    target: str | Path,
    patience: float = DEADLINE_SECONDS,
    size: Size = ANY_SIZE,
    quality: int = 80,
    *,
    fps: float = 30,
    options: MediaOptions | None = None,
) -> Iterator[MediaSource]:
    """A source that is closed at the end, its thread gone; `patience` is in seconds."""
    source = MediaSource(str(target), size, fps, quality, patience_seconds=patience, options=options)
    try:
        source.open()
        yield source
    finally:
        source.close()
        wait_until(lambda: not draining(), "the thread to end")


def draining() -> list[threading.Thread]:
    """The threads of sources that are open, or hang."""
    return [thread for thread in threading.enumerate() if thread.name == "drain"]


def every_frame() -> RateControl:
    """A pace that no camera of the tests reaches."""
    return RateControl(1000)


def pictures(source: MediaSource, rate_control: RateControl | None = None) -> Iterator[Picture]:
    """One after the other, as they come; fails the test when that takes too long."""
    rate_control = rate_control or every_frame()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = source.read(rate_control, 1)
        if found is not None:
            yield found
    pytest.fail("the pictures that were waited for did not come")


def picture(source: MediaSource, rate_control: RateControl) -> Picture:
    """The next one that comes."""
    return next(pictures(source, rate_control))


def failure(target: str | Path, patience: float = DEADLINE_SECONDS, options: MediaOptions | None = None) -> str:
    """Why it does not open, or stops. The password is never said."""
    with pytest.raises(SourceError) as said:
        _watch(target, patience, options)
    assert "geheim" not in str(said.value)
    return str(said.value)


def _watch(target: str | Path, patience: float, options: MediaOptions | None) -> None:
    with opened(target, patience, options=options) as source:
        for _ in pictures(source):
            pass
