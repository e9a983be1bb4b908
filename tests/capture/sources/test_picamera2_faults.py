"""The picamera2 source says why a camera does not open, closes a broken one, works again, and leaves nothing behind."""

import importlib.util
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from capture.rate_control import RateControl
from capture.source import SourceError, SourceStuck
from capture.sources.picamera2 import Picamera2Source
from tests.capture.picamera2.pi_camera import PiCamera
from tests.capture.picamera2.scenarios import (
    ENCODER_DIED,
    LOOP_DIED,
    SIZE,
    break_nothing,
    break_the_encoder,
    break_the_event_loop,
    break_the_manager,
    break_the_output,
    opened,
    reason,
    recovered,
    said,
    time_out_a_capture,
    why_not_opened,
)
from tests.capture.reading import frame


@pytest.mark.parametrize(
    ("camera", "cameras", "fault", "told"),
    [
        (
            0,
            "imx708",
            "absent",
            "picamera2:0: libcamera finds no camera; check the cable with the power off, then what "
            "`rpicam-hello --list-cameras` says",
        ),
        (2, "imx219 imx708", "", "picamera2:2: there is no camera 2; allowed: 0 (imx708), 1 (imx219)"),
        (1, "usb imx708", "", "picamera2:1: UVC Camera is a USB camera; name it as v4l2:/dev/videoN in `source`"),
        (
            0,
            "imx708",
            "busy",
            "picamera2:0: in use by another program; end that (rpicam-hello, motion, another framebus …), or name "
            "another one in `source`; `sudo fuser -v /dev/media*` names it",
        ),
        (
            0,
            "imx708",
            "denied",
            "picamera2:0: no permission to open /dev/dma_heap/linux,cma; add your user to the group video "
            "(sudo usermod -aG video $USER) and log in again",
        ),
        (0, "imx708", "full", "picamera2:0: not enough memory for its pictures (CMA); lower `size`"),
        (
            0,
            "imx708",
            "nv12",
            "picamera2:0: gives NV12; framebus takes YUV420, XBGR8888, XRGB8888, BGR888 or RGB888; "
            "name another one in `source`",
        ),
    ],
)
def test_a_camera_that_does_not_open(pi_camera: PiCamera, camera: int, cameras: str, fault: str, told: str) -> None:
    pi_camera.fault.write_text(fault)
    assert pi_camera.having(CAMERAS=cameras).run(why_not_opened, camera) == told


@pytest.mark.skipif(importlib.util.find_spec("libcamera") is not None, reason="libcamera's bindings are installed")
def test_without_libcamera(pi_camera: PiCamera) -> None:
    """The real picamera2 finds none, as in a virtual environment that does not see apt's packages."""
    told = PiCamera(pi_camera.fault, {"PYTHONPATH": ""}).run(why_not_opened, 0)
    assert told == (
        "picamera2:0: picamera2 is there, but libcamera's Python bindings are not; "
        "run: sudo apt install python3-libcamera"
    )


@pytest.mark.parametrize(
    ("fault", "damage", "told"),
    [
        ("stall", break_nothing, "silence"),
        ("errors", break_nothing, "silence"),
        ("unplugged", break_nothing, "silence"),
        ("", break_the_event_loop, LOOP_DIED),
        ("", break_the_encoder, ENCODER_DIED),
        ("", break_the_output, ENCODER_DIED),
        ("", break_the_manager, "silence"),
        ("stall", time_out_a_capture, "silence"),
    ],
)
def test_it_closes_and_works_again(
    pi_camera: PiCamera, fault: str, damage: Callable[[Picamera2Source], None], told: str
) -> None:
    assert pi_camera.run(recovered, fault, damage) == (told, True, True)


def unplugged_and_not_there() -> list[str]:
    source, rate_control = opened(), RateControl(1000)
    frame(source, rate_control)
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text("unplugged")
    told = [said(source, rate_control)]
    source.close()
    told.append(reason(source.open))
    source.close()
    return told


def test_a_camera_that_is_pulled_out(pi_camera: PiCamera) -> None:
    assert pi_camera.run(unplugged_and_not_there) == [
        "silence",
        "picamera2:0: libcamera finds no camera; check the cable with the power off, then what "
        "`rpicam-hello --list-cameras` says",
    ]


def stuck(fault: str) -> str:
    source = opened(close_limit_seconds=1)
    frame(source, RateControl(1000))
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text(fault)
    try:
        source.close()
    except SourceStuck as error:
        return str(error)
    return "it has closed"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("hang", "picamera2:0: closing it has not ended within 1 s: the process exits and is restarted"),
        (
            "deaf",
            "picamera2:0: closing it has failed (Failed to release camera: Input/output error): "
            "the process exits and is restarted",
        ),
    ],
)
def test_a_camera_that_does_not_let_go(pi_camera: PiCamera, fault: str, told: str) -> None:
    assert pi_camera.run(stuck, fault) == told


def left_after_cycles(cycles: int, fault: str) -> tuple[int, int]:
    """How many more threads and descriptors there are."""
    source, rate_control = Picamera2Source(0, SIZE, 30, 80), RateControl(1000)

    def cycle() -> None:
        try:
            source.open()
            frame(source, rate_control)
        except SourceError:
            assert fault
        source.close()

    def usage() -> tuple[int, int]:
        return threading.active_count(), len(os.listdir("/proc/self/fd"))

    cycle()
    Path(os.environ["LIBCAMERA_STANDIN_FAULT"]).write_text(fault)
    cycle()
    before = usage()
    for _ in range(cycles):
        cycle()
    after = usage()
    return after[0] - before[0], after[1] - before[1]


@pytest.mark.parametrize(
    ("cycles", "fault"), [(10, ""), (50, "absent"), (50, "busy"), (5, "denied"), (5, "full"), (5, "nv12")]
)
def test_no_thread_and_no_descriptor_is_left_behind(pi_camera: PiCamera, cycles: int, fault: str) -> None:
    assert pi_camera.run(left_after_cycles, cycles, fault) == (0, 0)
