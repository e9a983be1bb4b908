"""Tries a camera for `framebus doctor`: opens it, reads it for a second, closes it, and describes it in one line."""

import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from capture import unforeseen
from capture.rate_control import RateControl
from capture.source import Source, SourceError, SourceStuck
from capture.sources import make_source
from framebus.config.camera import CameraConfig
from framebus.config.load import Config
from framebus.publishing.jpeg import Jpeg, JpegError
from framebus.publishing.repairs import described
from framebus.runtime.process import EXIT_FAILED, EXIT_OK

FIRST_PICTURE_SECONDS = 10.0
"""A network camera may take some."""
SAMPLE_SECONDS = 1.0
"""How long pictures are judged after the first one."""
PROBE_SECONDS = 75.0
"""The probe ends by then, whatever hangs. `framebus doctor` waits a little longer."""


class Sample(msgspec.Struct):
    """What a camera gave."""

    first: Jpeg | None = None
    first_after: float = 0.0
    """Seconds from the end of opening to the first complete picture."""
    pictures: int = 0
    damaged: int = 0
    flaw: str = ""
    """Of the last damaged picture."""
    repairs: Counter[str] = msgspec.field(default_factory=Counter)
    """What framebus corrected, and in how many pictures."""

    def add(self, picture: bytes, seconds: float) -> None:
        """Judge a picture that came so many seconds after the opening."""
        self.pictures += 1
        try:
            jpeg = Jpeg.parse(picture)
        except JpegError as error:
            self.damaged += 1
            self.flaw = str(error)
            return
        self.repairs.update(repairs(picture, jpeg))
        if self.first is None:
            self.first, self.first_after = jpeg, seconds

    def notes(self, source: Source) -> list[str]:
        """What is worth knowing of the pictures beyond the first one."""
        notes = []
        if self.damaged:
            notes.append(f"{self.damaged} of {self.pictures} pictures were damaged (the last one: {self.flaw})")
        if source.damaged:
            notes.append(f"the camera marked {source.damaged} more as damaged")
        if source.dropped:
            notes.append(f"{source.dropped} frames were lost")
        if source.repairs:
            notes.append(described(source.repairs))
        notes += [f"{repair} in {count} of {self.pictures} pictures" for repair, count in self.repairs.items()]
        return notes


def repairs(picture: bytes, jpeg: Jpeg) -> list[str]:
    """Name what framebus puts right in this picture.

    Args:
        picture: as the camera gave it.
        jpeg: what was read from it.

    Returns:
        A phrase for each repair.
    """
    surplus = len(jpeg.data) < len(picture)
    named = {
        "missing Huffman tables are put in": not jpeg.has_huffman_tables,
        "bytes behind the end are cut off": surplus,
    }
    return [repair for repair, needed in named.items() if needed]


class Probe:
    """Tries one camera, and ends the process should the camera hang."""

    def __init__(
        self,
        camera: str,
        settings: CameraConfig,
        make: Callable[[str, CameraConfig], Source] = make_source,
        *,
        limit_seconds: float = PROBE_SECONDS,
        first_picture_seconds: float = FIRST_PICTURE_SECONDS,
        sample_seconds: float = SAMPLE_SECONDS,
    ) -> None:
        """Prepare to try a camera.

        Args:
            camera: its name in the configuration.
            settings: its table there.
            make: makes the source, not yet opened.
            limit_seconds: how long the probe may take.
            first_picture_seconds: how long the first picture may take.
            sample_seconds: how long pictures are judged after the first one.
        """
        self._name = f"camera {camera}"
        self._camera = camera
        self._settings = settings
        self._make = make
        self._limit_seconds = limit_seconds
        self._first_picture_seconds = first_picture_seconds
        self._sample_seconds = sample_seconds
        self._doing = "setting it up"
        self.picture = b""
        """The first complete JPEG, after `run`."""

    def run(self) -> str:
        """Try the camera.

        Returns:
            What it gives, in one line.

        Raises:
            SourceError: it gives nothing; the text is the reason.
            SourceStuck: it hangs, and the process has to end.
        """
        deadline = threading.Timer(self._limit_seconds, self._give_up)
        deadline.daemon = True
        deadline.start()
        try:
            return self._tried()
        except (SourceError, SourceStuck):
            raise
        except Exception as error:  # as in capture.source_calls: a library may raise anything
            raise SourceError(unforeseen.reason(self._name, self._doing, error)) from error
        finally:
            deadline.cancel()

    def _tried(self) -> str:
        source = self._make(self._camera, self._settings)
        self._name = source.name
        try:
            self._doing = "opening it"
            source.open()
            self._name = source.name
            self._doing = "reading it"
            sample = self._sample(source)
        finally:
            failed_doing, self._doing = self._doing, "closing it"
            source.close()
            self._doing = failed_doing
        return self._described(source, sample)

    def _sample(self, source: Source) -> Sample:
        sample, rate_control, began = Sample(), RateControl(self._settings.fps), time.monotonic()
        until = began + self._first_picture_seconds
        while (now := time.monotonic()) < until:
            picture = source.read(rate_control, 1)
            if picture is not None:
                complete = sample.first is not None
                sample.add(picture.jpeg, time.monotonic() - began)
                if sample.first is not None and not complete:
                    until = time.monotonic() + self._sample_seconds
            elif source.waiting:
                until = max(until, min(now + self._first_picture_seconds, began + source.waiting_limit_seconds))
        if sample.first is None:
            raise SourceError(f"{self._name}: {self._why_none(source, sample)}")
        return sample

    def _why_none(self, source: Source, sample: Sample) -> str:
        if sample.damaged:
            return f"open, but each of its {sample.pictures} pictures was damaged; the last one was {sample.flaw}"
        why = source.waiting or source.flaw
        return f"open, but gave no picture within {self._first_picture_seconds:g} s{why and f': {why}'}"

    def _described(self, source: Source, sample: Sample) -> str:
        jpeg = sample.first
        assert jpeg is not None  # else there was a SourceError
        self.picture = bytes(jpeg.data)
        size = f"{jpeg.width}x{jpeg.height}"
        asked = "" if size == str(self._settings.size) else f" (asked for {self._settings.size})"
        picture = f"a picture of {size}{asked}, {len(jpeg.data) / 1000:.0f} kB, after {sample.first_after:.1f} s"
        return "; ".join([f"{self._name}: {picture}", *sample.notes(source)])

    def _give_up(self) -> None:
        print(f"{self._name}: {self._doing} has not ended within {self._limit_seconds:g} s", flush=True)
        os._exit(EXIT_FAILED)


def try_camera(config: Config, camera: str) -> int:
    """Print what the camera gives, or why it gives nothing; returns the exit status."""
    logging.disable(logging.INFO)
    return report(Probe(camera, config.cameras[camera]))


def report(probe: Probe) -> int:
    """Run a probe and print its line; returns the exit status. Ends the process where the camera hangs."""
    try:
        print(probe.run(), flush=True)
    except SourceError as error:
        print(error, flush=True)
        return EXIT_FAILED
    except SourceStuck as error:
        print(error, flush=True)
        sys.stderr.flush()
        os._exit(EXIT_FAILED)  # what the camera's library does at exit may hang as well
    return EXIT_OK
