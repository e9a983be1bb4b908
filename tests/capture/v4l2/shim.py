"""A webcam made of software (tests/v4l2shim.c), and functions of the tests run in a process that has it.

The camera lives inside the C library's calls, so the process that reads it must have been started with it.
"""

import ctypes
import importlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from tests.processes import DEADLINE_SECONDS, python
from tests.programs import need

DEVICE = "/dev/video-shim"
"""No machine has a camera of this name."""
SOURCE = Path(__file__).parents[2] / "v4l2shim.c"
ROOT = SOURCE.parents[1]
RUN_SECONDS = 3 * DEADLINE_SECONDS
COMMENT_BYTES = 25
"""FF FE, the length, "TS" and 19 digits."""

T = TypeVar("T")


def build(folder: Path) -> Path:
    """Compile the camera into this folder; returns what LD_PRELOAD wants."""
    library = folder / "v4l2shim.so"
    options = ["-shared", "-fPIC", "-O2", "-Wall", "-pthread"]
    subprocess.run([need("gcc"), *options, "-o", library, SOURCE, "-ldl"], check=True, timeout=RUN_SECONDS)
    return library


@dataclass(frozen=True)
class ShimCamera:
    """How the camera shall be; what the settings mean is at the top of tests/v4l2shim.c."""

    library: Path
    pictures: Path
    """The folder of its pictures."""
    settings: Mapping[str, str] = field(default_factory=dict)

    def having(self, **settings: object) -> "ShimCamera":
        """The same camera with other settings, named without their prefix."""
        added = {f"V4L2SHIM_{name}": str(value) for name, value in settings.items()}
        return replace(self, settings={**self.settings, **added})

    def run(self, scenario: Callable[..., T], *arguments: object) -> T:
        """What the function returns in a process that has this camera; it must be one of a module's own functions."""
        camera = {"LD_PRELOAD": str(self.library), "V4L2SHIM_DIR": str(self.pictures), "V4L2SHIM_DEV": DEVICE}
        result = subprocess.run(
            python("tests.capture.v4l2.shim"),
            input=pickle.dumps((scenario.__module__, scenario.__qualname__, arguments)),
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, **camera, **self.settings},
            timeout=RUN_SECONDS,
        )
        assert result.returncode == 0, result.stderr.decode()
        returned: T = pickle.loads(result.stdout)
        return returned


def tick(frames: int = 1) -> None:
    """Let the camera of this process, its V4L2SHIM_FPS 0, take so many frames."""
    ctypes.CDLL(None).v4l2shim_tick(frames)


@contextmanager
def ticking(period_seconds: float = 0.02) -> Iterator[None]:
    """Let it take frames all the while."""
    end = threading.Event()

    def run() -> None:
        while not end.wait(period_seconds):
            tick()

    clock = threading.Thread(target=run)
    clock.start()
    try:
        yield
    finally:
        end.set()
        clock.join()


def queued() -> int:
    """How many buffers the driver could fill now."""
    return int(ctypes.CDLL(None).v4l2shim_queued())


def taken_at(jpeg: bytes) -> float:
    """CLOCK_MONOTONIC seconds at which the camera took this picture."""
    assert jpeg[2:8] == b"\xff\xfe\x00\x17TS"
    return int(jpeg[8:27]) / 1e9


def without_comment(jpeg: bytes) -> bytes:
    """The file that the picture was made from."""
    return jpeg[:2] + jpeg[2 + COMMENT_BYTES :]


if __name__ == "__main__":
    module, name, arguments = pickle.load(sys.stdin.buffer)
    pickle.dump(getattr(importlib.import_module(module), name)(*arguments), sys.stdout.buffer)
