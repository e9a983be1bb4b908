"""Real libcamera has each name that picamera2 or framebus uses; the stand-in has each that framebus uses."""

import ast
import importlib.util
from pathlib import Path
from typing import Any

import libcamera

import capture
from tests.libcamera.standin import standin

OURS = sorted((Path(capture.__path__[0]) / "picamera2").glob("*.py"))
OF_A_RASPBERRY_PI = ("libcamera.controls.rpi",)
"""Debian builds libcamera for a PC without these; picamera2 uses them for what framebus does not."""


def used(file: Path) -> set[str]:
    """The names of libcamera's that a file of Python uses, as far as they can be told from the text."""
    tree = ast.parse(file.read_text())
    imported = {
        alias.asname or alias.name: f"libcamera.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "libcamera"
        for alias in node.names
    }
    found = set(imported.values())
    # A module's name may well be a variable's elsewhere in the file; a class's is not.
    roots = {"libcamera": "libcamera"} | {name: path for name, path in imported.items() if name[0].isupper()}
    for node in ast.walk(tree):
        reads = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)  # picamera2 also adds some
        chain = ast.unparse(node).split(".") if reads else []
        if len(chain) > 1 and chain[0] in roots and all(part.isidentifier() for part in chain):
            found.add(".".join([roots[chain[0]], *chain[1:]]))
    return {path for path in found if not path.startswith(OF_A_RASPBERRY_PI)}


def has(place: Any, path: str) -> bool:
    """Whether the names lead somewhere."""
    for name in path.split(".")[1:]:
        if not hasattr(place, name):
            return False
        place = getattr(place, name)
    return True


def picamera2s() -> list[Path]:
    spec = importlib.util.find_spec("picamera2")
    assert spec is not None
    assert spec.origin is not None
    return sorted(Path(spec.origin).parent.rglob("*.py"))


def test_what_picamera2_uses_is_there() -> None:
    names = set().union(*map(used, picamera2s()))
    assert {"libcamera.Transform", "libcamera.Request.Status.Complete"} <= names
    assert sorted(name for name in names if not has(libcamera, name)) == []


def test_what_framebus_uses_is_there_and_in_the_standin() -> None:
    names = set().union(*map(used, OURS))
    assert "libcamera.controls.draft.NoiseReductionModeEnum.Fast" in names
    for place in (libcamera, standin):
        assert sorted(name for name in names if not has(place, name)) == []
