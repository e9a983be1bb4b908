"""Asks capture, in a process of its own, which cameras this machine has, and for a picture of one of them."""

import json
import subprocess
import sys
from typing import Any

import msgspec

from framebus.runtime.process_environment import environment
from framebus.settings.settings_error import SettingsError

FIND_SECONDS = 45.0
"""An import of picamera2 on a Pi Zero takes ten."""
PREVIEW_SECONDS = 30.0
"""capture.preview ends by itself before that."""
MAX_OUTPUT_BYTES = 9 << 20


class Preview(msgspec.Struct, frozen=True):
    """What a camera gave."""

    text: str
    jpeg: bytes


def attached_cameras() -> list[dict[str, Any]]:
    """The cameras of this machine, as capture.attached describes them.

    Raises:
        SettingsError: They cannot be looked for.
    """
    output = _run("capture.attached", b"", FIND_SECONDS)
    try:
        found: list[dict[str, Any]] = json.loads(output)
    except ValueError:
        raise SettingsError("failed", "the cameras cannot be looked for; run: framebus doctor") from None
    return found


def preview(source: str) -> Preview:
    """A picture of a camera.

    Args:
        source: As the configuration names it; check it first.

    Raises:
        SettingsError: The camera gives none; the text is the reason.
    """
    line, _, jpeg = _run("capture.preview", json.dumps({"source": source}).encode(), PREVIEW_SECONDS).partition(b"\n")
    try:
        answer = json.loads(line)
    except ValueError:  # it reached its own time limit, and printed a sentence
        raise SettingsError("failed", line.decode(errors="replace")[:500] or "the camera gave no answer") from None
    if "error" in answer:
        raise SettingsError("failed", str(answer["error"]))
    return Preview(str(answer["text"]), jpeg)


def _run(module: str, stdin: bytes, limit_seconds: float) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", module],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limit_seconds,
            check=False,
            env=environment(module),
        )
    except subprocess.TimeoutExpired:
        raise SettingsError("failed", f"no answer within {limit_seconds:g} s") from None
    except OSError as error:
        raise SettingsError("failed", f"{module} cannot be started: {error.strerror}") from None
    return done.stdout[:MAX_OUTPUT_BYTES]
