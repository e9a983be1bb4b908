"""A camera tried once, for `framebus doctor`: opened, one picture taken, closed, and said in a line how it went."""

import contextlib
import logging
import sys
import time

from capture.jpeg import Jpeg, JpegError
from capture.rate_control import RateControl
from capture.source import Picture, Source, SourceError
from capture.sources import make_source
from framebus.config.load import Config
from framebus.runtime.process import EXIT_FAILED, EXIT_OK

FIRST_PICTURE_SECONDS = 10.0
"""A network camera may take some."""


def try_camera(config: Config, camera: str) -> int:
    """Print what the camera gives, or why it gives nothing; returns the exit status."""
    logging.disable(logging.INFO)
    settings = config.cameras[camera]
    try:
        source = make_source(camera, settings)
        with contextlib.closing(source):
            source.open()
            picture, seconds = first_picture(source, settings.fps)
        jpeg = Jpeg.parse(picture.jpeg)
    except (SourceError, JpegError) as error:
        print(error)
        return EXIT_FAILED
    size = f"{jpeg.width}x{jpeg.height}"
    asked = "" if size == str(settings.size) else f" (asked for {settings.size})"
    print(f"{source.name}: a picture of {size}{asked}, {len(jpeg.data) / 1000:.0f} kB, after {seconds:.1f} s")
    sys.stdout.flush()
    return EXIT_OK


def first_picture(source: Source, fps: float) -> tuple[Picture, float]:
    """The first picture of an open camera, and the seconds that it took. Raises SourceError when there is none."""
    begin = time.monotonic()
    rate_control = RateControl(fps)
    while (seconds := time.monotonic() - begin) < FIRST_PICTURE_SECONDS:
        picture = source.read(rate_control, 1)
        if picture is not None:
            return picture, seconds
    raise SourceError(f"{source.name}: open, but gave no picture within {FIRST_PICTURE_SECONDS:g} s")
