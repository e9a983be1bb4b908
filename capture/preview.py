"""`python -m capture.preview`: takes one picture with a source that is not configured yet, for the settings.

The source comes as JSON on stdin, because its URL may hold a password and every user can read a command line. The first
line of stdout is JSON: `text`, what the camera gives, or `error`, why it gives nothing; the JPEG follows.
"""

import json
import logging
import sys

from capture.probe import Probe
from capture.source import SourceError, SourceStuck
from framebus.config.camera import CameraConfig
from framebus.config.size import Size
from framebus.config.source_spec import SourceSpec
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

LIMIT_SECONDS = 25.0
"""A preview ends by then, whatever hangs."""
MAX_BYTES = 8 << 20
"""Of the picture; a larger one is named and not sent."""
SIZE = Size(640, 480)
FPS = 10.0


def main() -> int:
    """Take the picture; returns the exit status."""
    logging.disable(logging.INFO)
    try:
        source = SourceSpec.parse(json.loads(sys.stdin.read())["source"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return say(f"source: {error}", EXIT_USAGE)
    settings = CameraConfig(source=source, size=SIZE, fps=FPS, idle_fps=FPS)
    probe = Probe("preview", settings, limit_seconds=LIMIT_SECONDS, sample_seconds=0)
    try:
        text = probe.run()
    except (SourceError, SourceStuck) as error:
        return say(str(error), EXIT_FAILED)
    if len(probe.picture) > MAX_BYTES:
        return say(f"its picture has {len(probe.picture)} bytes; allowed: at most {MAX_BYTES}", EXIT_FAILED)
    sys.stdout.buffer.write(json.dumps({"text": text}).encode() + b"\n" + probe.picture)
    sys.stdout.flush()
    return EXIT_OK


def say(error: str, status: int) -> int:
    """Print why there is no picture; returns the exit status."""
    print(json.dumps({"error": error}), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
