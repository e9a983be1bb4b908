"""A camera whose sensor is a thread, and the manager that hands its requests back, as the pipeline of a Pi does."""

import os
import threading
import time
import weakref
from collections import deque
from typing import Any

from . import controls, properties
from ._picture import draw
from ._streams import LARGEST, RAW_SIZES, CameraConfiguration, FrameMetadata, Request, Stream
from ._switches import clock_offset_ns, fault, models
from ._values import ControlId, ControlInfo, Orientation, Rectangle, StreamRole

SHORTEST_US, LONGEST_US = 16_666, 11_767_556
"""The sensor's frame durations: at most 60 frames a second."""
SHORTEST_OF_MODE_US = {RAW_SIZES[1]: 17_849, RAW_SIZES[2]: 69_686}
"""An imx708's; of all other sizes it is SHORTEST_US."""
AUTOMATIC_EXPOSURE_US = 8000


class Camera:
    def __init__(self, manager: "CameraManager", model: str, number: int) -> None:
        usb = model == "usb"
        place = f"usb@200000-1:1.{number}-046d:0825" if usb else f"i2c0mux/i2c@{number}/{model}@1a"
        self.id = f"/base/soc/{place}"
        self.properties: dict[ControlId, Any] = {
            properties.Model: "UVC Camera" if usb else model,
            properties.Location: 2,
            properties.Rotation: 180,
            properties.PixelArraySize: LARGEST,
        }
        if not usb:
            self.properties[properties.draft.ColorFilterArrangement] = 0
        self.controls = _controls(focuses=model == "imx708")
        self._manager = manager
        self._acquired = False
        self._queue: deque[Request] = deque()
        self._orientation = Orientation.Rotate0
        self._now: dict[ControlId, Any] = {}
        self._stopping = threading.Event()
        self._sensor: threading.Thread | None = None
        self._number = 0

    def acquire(self) -> None:
        if self._acquired or fault() == "busy":
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self._acquired = True

    def release(self) -> None:
        if fault() == "deaf":
            raise RuntimeError("Failed to release camera: Input/output error")
        self._acquired = False

    def generate_configuration(self, roles: list[StreamRole]) -> CameraConfiguration:
        return CameraConfiguration(roles)

    def configure(self, config: CameraConfiguration) -> None:
        self._orientation = config.orientation
        for stream in config:
            stream.stream = Stream(stream)
            if stream.role == StreamRole.Raw:
                shortest = SHORTEST_OF_MODE_US.get(stream.size, SHORTEST_US)
                self.controls[controls.FrameDurationLimits] = ControlInfo(shortest, LONGEST_US, max(33_333, shortest))

    def create_request(self, cookie: int = 0) -> Request:
        return Request(cookie)

    def start(self, controls: dict[ControlId, Any] | None = None) -> None:
        self._now = dict(controls or {})
        self._stopping = threading.Event()
        self._sensor = threading.Thread(target=self._take_frames, args=(self._stopping,), daemon=True)
        self._sensor.start()

    def stop(self) -> None:
        while fault() == "hang":
            time.sleep(0.05)
        self._stopping.set()
        if self._sensor:
            self._sensor.join()
            self._sensor = None
        while self._queue:
            request = self._queue.popleft()
            request.status = Request.Status.Cancelled
            self._manager.completed(request)

    def queue_request(self, request: Request) -> None:
        self._queue.append(request)

    def _take_frames(self, stopping: threading.Event) -> None:
        due = time.monotonic()
        while not stopping.wait(max(0.0, due - time.monotonic())):
            due = max(due, time.monotonic() - 1) + self._period_us() / 1e6
            self._number += 1
            failing = fault()
            if failing not in ("stall", "unplugged") and self._queue:
                self._complete(self._queue.popleft(), failed=failing == "errors")

    def _period_us(self) -> int:
        shortest, _ = self._now.get(controls.FrameDurationLimits, (33_333, 33_333))
        return int(min(max(shortest, SHORTEST_US), LONGEST_US))

    def _complete(self, request: Request, *, failed: bool) -> None:
        self._now |= request.wanted
        now_ns = time.monotonic_ns() + clock_offset_ns()
        lift = round(100 * self._now.get(controls.Brightness, 0.0))
        for stream, buffer in request.buffers.items():
            buffer.metadata.sequence = self._number
            buffer.metadata.status = FrameMetadata.Status.Error if failed else FrameMetadata.Status.Success
            draw(buffer, stream.configuration, self._orientation, self._number, lift)
        request.metadata = self._metadata(now_ns)
        request.status = Request.Status.Complete
        self._manager.completed(request)

    def _metadata(self, now_ns: int) -> dict[ControlId, Any]:
        manual = self._now.get(controls.ExposureTimeMode) == 1
        said: dict[ControlId, Any] = {
            controls.SensorTimestamp: now_ns,
            controls.FrameDuration: self._period_us(),
            controls.ExposureTime: self._now[controls.ExposureTime] if manual else AUTOMATIC_EXPOSURE_US,
            controls.AnalogueGain: float(self._now.get(controls.AnalogueGain, 1.5)),
            controls.DigitalGain: 1.0012345678,
            controls.Lux: 400.0 + self._number,  # by which tests tell which frame it is
            controls.ColourGains: self._now.get(controls.ColourGains, (2.0, 1.75)),
            controls.ColourTemperature: self._now.get(controls.ColourTemperature, 4500),
            controls.SensorTemperature: 38.0,
            controls.FocusFoM: 1000,
            controls.ScalerCrop: Rectangle(0, 0, LARGEST.width, LARGEST.height),
        }
        if controls.AfMode in self.controls:
            said[controls.AfState] = 2 if self._now.get(controls.AfMode) == 2 else 0
            said[controls.LensPosition] = self._now.get(controls.LensPosition, 1.0)
        return said


class CameraManager:
    version = "v0.7.1-standin"
    _last: "weakref.ref[CameraManager] | None" = None

    @classmethod
    def singleton(cls) -> "CameraManager":
        found = cls._last() if cls._last else None
        if found is None:
            found = cls()
            cls._last = weakref.ref(found)
        return found

    def __init__(self) -> None:
        from memfd_heap import install  # beside this package; needs picamera2 imported

        install()
        self.event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._made: dict[tuple[str, int], Camera] = {}
        self._ready: deque[Request] = deque()
        self._lock = threading.Lock()

    def __del__(self) -> None:
        os.close(self.event_fd)

    @property
    def cameras(self) -> list[Camera]:
        present = [(model, number) for number, model in enumerate(models())]
        for each in present:
            if each not in self._made:
                self._made[each] = Camera(self, *each)
        return [self._made[each] for each in present]

    def get(self, id: str) -> Camera:
        return next(camera for camera in self.cameras if camera.id == id)

    def completed(self, request: Request) -> None:
        """Called by the cameras."""
        with self._lock:
            self._ready.append(request)
        os.eventfd_write(self.event_fd, 1)

    def get_ready_requests(self) -> list[Request]:
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            return []
        with self._lock:
            ready, self._ready = list(self._ready), deque()
        return ready


def _controls(*, focuses: bool) -> dict[ControlId, ControlInfo]:
    """Ranges as libcamera 0.7 gives them for a Raspberry Pi (src/ipa/rpi/common/ipa_base.cpp)."""
    full = Rectangle(0, 0, LARGEST.width, LARGEST.height)
    told = {
        controls.FrameDurationLimits: ControlInfo(SHORTEST_US, LONGEST_US, 33_333),
        controls.ExposureTime: ControlInfo(1, 66_666, 20_000),
        controls.ExposureTimeMode: ControlInfo(0, 1, 0),
        controls.AnalogueGain: ControlInfo(1.0, 16.0, 1.0),
        controls.AnalogueGainMode: ControlInfo(0, 1, 0),
        controls.AeEnable: ControlInfo(False, True, True),
        controls.AeMeteringMode: ControlInfo(0, 3, 0),
        controls.AeConstraintMode: ControlInfo(0, 3, 0),
        controls.AeExposureMode: ControlInfo(0, 3, 0),
        controls.ExposureValue: ControlInfo(-8.0, 8.0, 0.0),
        controls.AwbEnable: ControlInfo(False, True),
        controls.AwbMode: ControlInfo(0, 7, 0),
        controls.ColourGains: ControlInfo(0.0, 32.0),
        controls.ColourTemperature: ControlInfo(100, 100_000),
        controls.Brightness: ControlInfo(-1.0, 1.0, 0.0),
        controls.Contrast: ControlInfo(0.0, 32.0, 1.0),
        controls.Saturation: ControlInfo(0.0, 32.0, 1.0),
        controls.Sharpness: ControlInfo(0.0, 16.0, 1.0),
        controls.ScalerCrop: ControlInfo(Rectangle(0, 0, 64, 64), full, full),
        controls.draft.NoiseReductionMode: ControlInfo(0, 4, 0),
    }
    if focuses:
        told |= {
            controls.AfMode: ControlInfo(0, 2, 0),
            controls.AfRange: ControlInfo(0, 2, 0),
            controls.AfTrigger: ControlInfo(0, 1, 0),
            controls.AfWindows: ControlInfo(Rectangle(), full),
            controls.LensPosition: ControlInfo(0.0, 32.0, 1.0),
        }
    return told
