"""`framebus snapshot NAME`: one still from the snapshot service, into a file."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import zmq

from framebus.config import ConfigError
from framebus.process import EXIT_FAILED, EXIT_MISUSED, EXIT_OK
from framebus.stills import SnapshotError, request_snapshot
from framebus.wire import WireError

READABLE = 0o666
"""What a new file may be, before the umask: mkstemp makes it for its owner alone."""


def add(parser: argparse.ArgumentParser) -> None:
    """Which camera, and where to."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: NAME.jpg; - for stdout)")


def run(options: argparse.Namespace) -> int:
    """Write the still, or say why there is none."""
    try:
        jpeg = request_snapshot(options.camera, config=options.config).jpeg
        if options.output == "-":
            sys.stdout.buffer.write(jpeg)
        else:
            write_whole(Path(options.output or f"{options.camera}.jpg"), jpeg)
    except (ConfigError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_MISUSED
    except TimeoutError as error:
        print(f"{error}; is framebus running?", file=sys.stderr)
        return EXIT_FAILED
    except (SnapshotError, WireError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"{options.output or options.camera + '.jpg'}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it. Raises OSError, and leaves nothing behind then.

    What is there already and is no file, such as /dev/null, is written to and stays what it is.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(descriptor, READABLE & ~umask)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
