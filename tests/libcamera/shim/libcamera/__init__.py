"""In front of the real libcamera's Python bindings, for processes that shall find a camera that picamera2 can use.

libcamera's virtual camera is no Pi camera: it gives NV12 alone, in two planes, as fast as it is asked, has no raw
pictures, and there is no memory for it without the kernel's dma heaps. This makes up for that at the level of the
bindings, imports the real ones and then puts them into its own place: picamera2 and framebus are unchanged. The memory,
and the stubs of modules that picamera2 imports for what framebus does not use, are those of the stand-in; so is the
file that says how the camera shall fail, of whose faults `stall` works here.
"""

import importlib.util
import sys
import warnings
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

SHIM = Path(__file__).parents[1]
STANDIN = SHIM.parents[1] / "capture/picamera2/standin"


def _real() -> ModuleType:
    """The bindings that Debian installs."""
    elsewhere = [folder for folder in sys.path if Path(folder).resolve() != SHIM]
    spec = PathFinder.find_spec("libcamera", elsewhere)
    assert spec is not None, "python3-libcamera is not installed"
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["libcamera"] = module  # the importer takes what it finds here in the place of this one
    spec.loader.exec_module(module)
    return module


def _beside(name: str, file: Path) -> ModuleType:
    """A file as a module of libcamera."""
    spec = importlib.util.spec_from_file_location(f"libcamera.{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


libcamera: Any = _real()
# picamera2 calls Thread.setDaemon, deprecated since Python 3.10; the processes under test take warnings for errors.
warnings.filterwarnings("ignore", "setDaemon", DeprecationWarning)

sys.path.append(str(STANDIN))  # behind what Debian has: piexif and prctl are the real ones
_beside("_switches", STANDIN / "libcamera/_switches.py")
_beside("_formats", SHIM / "libcamera/_formats.py").install(libcamera)
_beside("_pacing", SHIM / "libcamera/_pacing.py").install(libcamera)
