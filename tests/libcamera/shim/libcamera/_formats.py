"""Makes the virtual camera's NV12 look like the YUV420 of a Pi, in buffers of one plane that need no dma heap."""

import mmap
from typing import Any

import numpy as np

GIVEN, SHOWN = "NV12", "YUV420"
"""Of the same size, and the same but for the order of the colours."""


def install(libcamera: Any) -> None:
    """Change the bindings' classes."""
    _make_two_planes(libcamera.FrameBuffer)
    _show_yuv420(libcamera.StreamConfiguration, libcamera.PixelFormat)
    _invent_raw_modes(libcamera.Camera, libcamera.StreamRole)
    _convert_what_is_ready(libcamera.CameraManager, libcamera.Request)
    _use_memfd(libcamera.CameraManager)


def _make_two_planes(buffer: Any) -> None:
    """picamera2 makes one plane for all, on which the virtual camera aborts."""
    make = buffer.__init__

    def split(self: Any, planes: list[Any], cookie: int = 0) -> None:
        (luma,) = planes  # the very object: a copy would have a descriptor of its own, by which picamera2 goes
        chroma = type(luma)()
        chroma.fd = luma.fd
        chroma.offset = luma.length * 2 // 3
        chroma.length = luma.length - chroma.offset
        luma.length = chroma.offset
        make(self, [luma, chroma], cookie)

    buffer.__init__ = split


def _show_yuv420(configuration: Any, pixel_format: Any) -> None:
    real = configuration.pixel_format

    def shown(self: Any) -> Any:
        given = real.fget(self)
        return pixel_format(SHOWN) if str(given) == GIVEN else given

    def ask(self: Any, wanted: Any) -> None:
        real.fset(self, pixel_format(GIVEN) if str(wanted) == SHOWN else wanted)

    configuration.pixel_format = property(shown, ask)


def _invent_raw_modes(camera: Any, role: Any) -> None:
    """picamera2 asks every camera for its raw modes; the virtual one has none at all."""
    generate = camera.generate_configuration

    def generated(self: Any, roles: list[Any]) -> Any:
        return generate(self, [role.VideoRecording if each == role.Raw else each for each in roles])

    camera.generate_configuration = generated


def _convert_what_is_ready(manager: Any, request: Any) -> None:
    take = manager.get_ready_requests

    def converted(self: Any) -> list[Any]:
        ready: list[Any] = take(self)
        for each in ready:
            if each.status == request.Status.Complete:
                for buffer in each.buffers.values():
                    _separate(buffer)
        return ready

    manager.get_ready_requests = converted


def _separate(buffer: Any) -> None:
    """Put all Cb of a picture before all Cr, in place."""
    luma, chroma = buffer.planes
    with mmap.mmap(luma.fd, chroma.offset + chroma.length) as memory:
        pairs = np.frombuffer(memory, np.uint8, chroma.length, chroma.offset).copy()
        memory[chroma.offset :] = pairs[0::2].tobytes() + pairs[1::2].tobytes()


def _use_memfd(manager: Any) -> None:
    """As soon as picamera2 is there, which asks for the manager before anything else."""
    ask = manager.singleton

    def asked() -> Any:
        from memfd_heap import install  # the stand-in's

        install()
        return ask()

    manager.singleton = staticmethod(asked)
