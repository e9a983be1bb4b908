"""Gives the virtual camera a sensor's pace: it takes a request from the queue once in a frame's period, and can stall.

By itself it fills buffers as fast as it gets them, thousands in a second, whatever its FrameDurationLimits say.
"""

import threading
import time
from collections import deque
from typing import Any

from libcamera._switches import fault

USUAL_US = 33_333


class _Sensor:
    """Between picamera2's queue and that of one camera, from its start until its stop."""

    def __init__(self, queue: Any, camera: Any, period_us: int) -> None:
        self.waiting: deque[Any] = deque()
        self._queue = queue
        self._camera = camera
        self._period = period_us / 1e6
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sensor", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """What still waits is never queued: picamera2 makes new requests at the next start."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._period, time.monotonic())  # what a busy machine has missed does not come later
            if self.waiting and fault() != "stall":
                self._queue(self._camera, self.waiting.popleft())


def install(libcamera: Any) -> None:
    """Change the binding's camera."""
    camera, limits = libcamera.Camera, libcamera.controls.FrameDurationLimits
    start, stop, queue = camera.start, camera.stop, camera.queue_request
    sensors: dict[str, _Sensor] = {}

    def started(self: Any, controls: dict[Any, Any] | None = None) -> None:
        start(self, controls or {})
        sensors[self.id] = _Sensor(queue, self, max((controls or {}).get(limits, (USUAL_US,))))

    def stopped(self: Any) -> None:
        if self.id in sensors:
            sensors.pop(self.id).stop()
        stop(self)

    def queued(self: Any, request: Any) -> None:
        sensors[self.id].waiting.append(request)

    camera.start, camera.stop, camera.queue_request = started, stopped, queued
