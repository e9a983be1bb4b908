"""A Pi camera made of software, and functions of the tests run in a process that has it.

The unmodified picamera2 runs there, on the stand-in for libcamera's bindings that lies in `standin`. Each in a process
of its own: picamera2 and libcamera exist once in a process, and some tests leave their threads hanging.
"""

import importlib
import importlib.util
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from tests.processes import DEADLINE_SECONDS, python

STANDIN = Path(__file__).parent / "standin"
ROOT = Path(__file__).parents[3]
RUN_SECONDS = 3 * DEADLINE_SECONDS
PREFIX = "LIBCAMERA_STANDIN_"

T = TypeVar("T")


@dataclass(frozen=True)
class PiCamera:
    """How the cameras of the machine shall be; what the settings mean is in standin/libcamera/_switches.py."""

    fault: Path
    """Write one of the stand-in's FAULTS into it, at any time."""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """For a process that shall have the camera."""
        path = os.pathsep.join(filter(None, [str(STANDIN), os.environ.get("PYTHONPATH")]))
        return {"PYTHONPATH": path, f"{PREFIX}FAULT": str(self.fault), **self.settings}

    def having(self, **settings: object) -> "PiCamera":
        """The same with other settings, named without their prefix."""
        return replace(self, settings={**self.settings, **{PREFIX + name: str(to) for name, to in settings.items()}})

    def run(self, scenario: Callable[..., T], *arguments: object) -> T:
        """What the function returns in a process that has the camera; it must be one of a module's own functions."""
        result = subprocess.run(
            python("tests.capture.picamera2.pi_camera"),
            input=pickle.dumps((scenario.__module__, scenario.__qualname__, arguments)),
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            timeout=RUN_SECONDS,
        )
        assert result.returncode == 0, result.stderr.decode()
        returned: T = pickle.loads(result.stdout)
        return returned


def made_of_software(folder: Path) -> PiCamera:
    """One imx708, without a fault; `folder` is for the file that says one. Needs picamera2."""
    if importlib.util.find_spec("picamera2") is None:
        pytest.skip("picamera2 is not installed")
    return PiCamera(folder / "fault")


if __name__ == "__main__":
    module, name, arguments = pickle.load(sys.stdin.buffer)
    returned = getattr(importlib.import_module(module), name)(*arguments)
    sys.stdout.buffer.write(pickle.dumps(returned))
    sys.stdout.flush()
    os._exit(0)  # some tests leave threads that never end
