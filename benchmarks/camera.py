"""The camera of the benchmarks: tests/v4l2shim.c playing noise of 1280x720, each picture stamped when it is taken."""

import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from benchmarks.processes import LeftOut
from benchmarks.results import ROOT

SIZE = (1280, 720)
FPS = 30
PICTURES = 4
"""Played in a loop: so that nobody can take one for the one before."""
QUALITY = 80
PICTURE_BYTES = {162: 162_000, 30: 30_000}
"""Of a detailed picture of a webcam, and of a plain one; by their names, in KB."""
MOST_NOISE = 100.0
ROUNDS = 14
"""Bisecting this often hits the size within a few percent: of small noise, a little more is many bytes more."""


@dataclass(frozen=True)
class Camera:
    """A software webcam, for a process that is started with this environment."""

    device: str
    environment: Mapping[str, str]
    picture: bytes
    """One of those that it plays, without the stamp."""
    fps: int = FPS

    def faster(self, fps: int) -> "Camera":
        """The same camera with more pictures a second."""
        return replace(self, fps=fps, environment={**self.environment, "V4L2SHIM_FPS": str(fps)})


def build(folder: Path) -> Path:
    """Compile the webcam; returns what LD_PRELOAD wants. Raises LeftOut without a compiler."""
    library = folder / "v4l2shim.so"
    if shutil.which("gcc") is None:
        raise LeftOut("gcc: not installed (sudo apt install gcc libc6-dev)")
    command = ["gcc", "-shared", "-fPIC", "-O2", "-pthread", "-o", str(library)]
    subprocess.run([*command, str(ROOT / "tests" / "v4l2shim.c"), "-ldl"], check=True, timeout=60)
    return library


def make_device() -> str:
    """A file in the place of the device's node: ustreamer wants it to exist, and its name to be short."""
    descriptor, path = tempfile.mkstemp(prefix="v", dir="/tmp")
    os.close(descriptor)
    return path


def make_camera(library: Path, device: str, folder: Path, kilobytes: int) -> Camera:
    """A camera whose pictures are about as large as PICTURE_BYTES says."""
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
    """How much noise makes a JPEG of this size."""
    low, high = 0.0, MOST_NOISE
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if len(encoded(middle)) < wanted_bytes else (low, middle)
    return (low + high) / 2


def encoded(noise: float) -> bytes:
    """A JPEG of noise, in colour as a webcam's are."""
    jpeg = io.BytesIO()
    Image.effect_noise(SIZE, noise).convert("RGB").save(jpeg, "JPEG", quality=QUALITY)
    return jpeg.getvalue()
