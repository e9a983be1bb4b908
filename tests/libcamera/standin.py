"""The stand-in for libcamera's bindings, under another name than theirs, to be held against the real ones."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

STANDIN = Path(__file__).parents[1] / "capture/picamera2/standin/libcamera"


def _loaded() -> Any:
    """The stand-in's package, under another name than the real one has."""
    spec = importlib.util.spec_from_file_location("standin", STANDIN / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["standin"] = module
    spec.loader.exec_module(module)
    return module


standin = _loaded()
