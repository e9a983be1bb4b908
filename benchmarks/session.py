"""The state of one run of the benchmarks: durations, files, progress and results."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from benchmarks import camera as cameras
from benchmarks.camera import Camera
from benchmarks.results import Results

QUICK_SHARE = 0.4
"""Fraction of the usual duration in a quick run."""
MIN_SECONDS = 1.0


@dataclass
class Session:
    """What the benchmarks share."""

    folder: Path
    """Short enough for the paths of sockets; removed by its owner, with the device."""
    quick: bool = False
    results: Results = field(default_factory=Results)

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        self._made: dict[int, Camera] = {}
        self._folders = 0
        self._device = ""
        self._other_devices: list[str] = []

    def camera(self, kilobytes: int) -> Camera:
        """Return the camera with frames of this size, made at the first call. Raises SkippedBenchmark."""
        if kilobytes not in self._made:
            self._made[kilobytes] = cameras.make_camera(self._library, self.device, self.folder, kilobytes)
        return self._made[kilobytes]

    @property
    def device(self) -> str:
        """The path of the camera's node."""
        self._device = self._device or cameras.make_device()
        return self._device

    def other_cameras(self, kilobytes: int, count: int) -> list[Camera]:
        """Return more cameras with such frames, each with a device of its own. Raises SkippedBenchmark."""
        camera = self.camera(kilobytes)
        while len(self._other_devices) < count:
            self._other_devices.append(cameras.make_device())
        return [
            replace(camera, device=device, environment={**camera.environment, "V4L2SHIM_DEV": device})
            for device in self._other_devices[:count]
        ]

    def remove_devices(self) -> None:
        """Remove the device nodes; to be called at the end."""
        for device in filter(None, (self._device, *self._other_devices)):
            os.unlink(device)

    @cached_property
    def _library(self) -> Path:
        return cameras.build(self.folder)

    def new_folder(self) -> Path:
        """Make a folder for the configuration, sockets and logs of a pipeline."""
        self._folders += 1
        folder = self.folder / str(self._folders)
        folder.mkdir()
        return folder

    def seconds(self, usual: float) -> float:
        """Return how long to measure, in seconds."""
        return max(MIN_SECONDS, usual * QUICK_SHARE) if self.quick else usual

    def rounds(self, usual: int) -> int:
        """Return how many rounds to measure."""
        return 1 if self.quick else usual

    def progress(self, text: str) -> None:
        """Print a line of progress."""
        print(f"  {time.monotonic() - self._began:4.0f} s  {text}", flush=True)

    @contextmanager
    def skipping(self, kind: type[Exception]) -> Iterator[None]:
        """Continue after this exception, and print its text."""
        try:
            yield
        except kind as error:
            self.progress(str(error))
