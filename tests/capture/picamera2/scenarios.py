"""What the tests of the picamera2 source do with it, on the stand-in for libcamera and on the real one."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.picamera2 import CLOSE_LIMIT_SECONDS, Picamera2Source
from framebus.config.size import Size
from framebus.publishing.picture import Picture
from tests.capture.reading import frame

SIZE = Size(320, 240)
NEVER = 0.0001
"""A rate at which nothing is due after the first frame."""


def opened(
    size: Size = SIZE,
    fps: float = 30,
    quality: int = 80,
    orientation: int = 1,
    close_limit_seconds: float = CLOSE_LIMIT_SECONDS,
) -> Picamera2Source:
    source = Picamera2Source(0, size, fps, quality, orientation, close_limit_seconds=close_limit_seconds)
    source.open()
    return source


def silent(source: Picamera2Source, rate_control: RateControl) -> bool:
    """Whether no frame comes any more, but for one that was under way."""
    source.read(rate_control, 1)
    return source.read(rate_control, 1) is None


def number(picture: Picture) -> int:
    """Of the frame, by what the camera says of it."""
    return int(picture.metadata["lux"]) - 400


def pixel(picture: Picture, x: int, y: int) -> tuple[int, ...]:
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        found = image.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(int(value) for value in found)


def colour(picture: Picture, x: int, y: int) -> str:
    return "".join(letter for letter, value in zip("rgb", pixel(picture, x, y), strict=True) if value > 128)


def quarters(picture: Picture) -> list[str]:
    """From the top left to the bottom right."""
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        width, height = image.size
    return [colour(picture, x, y) for y in (8, height - 8) for x in (8, width - 8)]


def reason(act: Callable[[], object]) -> str:
    """Of the failure, which may take a few calls."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            act()
        except SourceError as error:
            return str(error)
    return "it goes on"


def why_not_opened(camera: int) -> str:
    source = Picamera2Source(camera, SIZE, 30, 80)
    told = reason(source.open)
    source.close()
    return told


def break_nothing(_source: Picamera2Source) -> None: ...


def break_the_event_loop(source: Picamera2Source) -> None:
    def fail(_request: object) -> None:
        raise RuntimeError("in the event loop")

    picamera2_of(source).pre_callback = fail


def break_the_encoder(source: Picamera2Source) -> None:
    import picamera2.encoders.jpeg_encoder as encoder

    encode = encoder.simplejpeg.encode_jpeg_yuv_planes

    def fail(*_arguments: object) -> bytes:
        encoder.simplejpeg.encode_jpeg_yuv_planes = encode
        raise RuntimeError("in the encoder")

    encoder.simplejpeg.encode_jpeg_yuv_planes = fail


def break_the_output(source: Picamera2Source) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("in the output")

    next(iter(picamera2_of(source).encoders)).output.outputframe = fail


def break_the_manager(_source: Picamera2Source) -> None:
    """The thread that takes finished requests from libcamera; its end cannot be seen from outside."""
    import libcamera

    take = libcamera.CameraManager.get_ready_requests

    def fail(_manager: object) -> None:
        libcamera.CameraManager.get_ready_requests = take
        raise RuntimeError("in the manager")

    libcamera.CameraManager.get_ready_requests = fail


def time_out_a_capture(source: Picamera2Source) -> None:
    from picamera2 import TimeoutError

    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text("stall")
    camera = picamera2_of(source)
    time.sleep(0.1)
    camera.capture_metadata(wait=1)  # one that lies there
    with pytest.raises(TimeoutError):
        camera.capture_metadata(wait=0.1)


def picamera2_of(source: Picamera2Source) -> Any:
    assert source._camera is not None
    return source._camera._picamera2


def said(source: Picamera2Source, rate_control: RateControl) -> str:
    """What comes of reading on."""
    silences = 0
    while silences < 2:
        try:
            silences = 0 if source.read(rate_control, 1) else silences + 1
        except SourceError as error:
            return str(error)
    return "silence"


def recovered(fault: str, damage: Callable[[Picamera2Source], None]) -> tuple[str, bool, bool]:
    """What it says while it is broken, whether it closes within its limit, and whether it works again afterwards."""
    source, rate_control = opened(), RateControl(1000)
    frame(source, rate_control)
    if fault:
        Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text(fault)
    damage(source)
    told = said(source, rate_control)
    began = time.monotonic()
    source.close()
    in_time = time.monotonic() - began < CLOSE_LIMIT_SECONDS
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).unlink(missing_ok=True)
    source.open()
    works = bool(frame(source, rate_control).jpeg)
    source.close()
    return told, in_time, works


LOOP_DIED = "picamera2:0: the event loop of picamera2 has failed; what it printed says why"
ENCODER_DIED = "picamera2:0: the encoder of picamera2 has failed; what it printed says why"
