"""The camera of the benchmarks: tests/v4l2shim.c plays noise of 1280x720, each frame stamped with its capture time."""

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from benchmarks.processes import SkippedBenchmark
from benchmarks.results import ROOT

SIZE = (1280, 720)
FPS = 30
PICTURES = 4
"""Frames played in a loop, so that consecutive frames differ."""
QUALITY = 80
PICTURE_BYTES = {162: 162_000, 30: 30_000, 15: 15_000}
"""Sizes of a detailed and of a plain webcam frame, and of a rendition, in bytes, by their size in KB."""
MAX_NOISE = 100.0
ROUNDS = 14
"""Bisection steps, which hit the size within a few percent."""


@dataclass(frozen=True)
class Camera:
    """A software webcam for a process that is started with this environment."""

    device: str
    environment: Mapping[str, str]
    picture: bytes
    """One of its frames, without the stamp."""
    fps: int = FPS

    def with_fps(self, fps: int) -> "Camera":
        """Return the same camera with another frame rate."""
        return replace(self, fps=fps, environment={**self.environment, "V4L2SHIM_FPS": str(fps)})


def build(folder: Path) -> Path:
    """Compile the webcam and return the library for LD_PRELOAD. Raises SkippedBenchmark without a compiler."""
    library = folder / "v4l2shim.so"
    if shutil.which("gcc") is None:
        raise SkippedBenchmark("gcc: not installed (sudo apt install gcc libc6-dev)")
    command = ["gcc", "-shared", "-fPIC", "-O2", "-pthread", "-o", str(library)]
    subprocess.run([*command, str(ROOT / "tests" / "v4l2shim.c"), "-ldl"], check=True, timeout=60)
    return library


def make_device() -> str:
    """Create a file in place of the device node, which ustreamer requires to exist under a short name."""
    descriptor, path = tempfile.mkstemp(prefix="v", dir="/tmp")
    os.close(descriptor)
    return path


def make_camera(library: Path, device: str, folder: Path, kilobytes: int) -> Camera:
    """Make a camera with frames of about the size in PICTURE_BYTES."""
    pictures = folder / f"{kilobytes}k"
    pictures.mkdir()
    noise = noise_for(PICTURE_BYTES[kilobytes])
    made = [encoded(noise) for _ in range(PICTURES)]
    for index, jpeg in enumerate(made):
        (pictures / f"{index}.jpg").write_bytes(jpeg)
    environment = {
        "LD_PRELOAD": str(library),
        "V4L2SHIM_DEV": device,
        "V4L2SHIM_DIR": str(pictures),
        "V4L2SHIM_FPS": str(FPS),
    }
    return Camera(device, environment, made[0])


def noise_for(wanted_bytes: int) -> float:
    """Return the amount of noise that makes a JPEG of this size."""
    low, high = 0.0, MAX_NOISE
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if len(encoded(middle)) < wanted_bytes else (low, middle)
    return (low + high) / 2


def encoded(noise: float) -> bytes:
    """Return a colour JPEG of noise."""
    jpeg = io.BytesIO()
    Image.effect_noise(SIZE, noise).convert("RGB").save(jpeg, "JPEG", quality=QUALITY)
    return jpeg.getvalue()
