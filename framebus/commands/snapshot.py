"""`framebus snapshot NAME`: saves one still from the snapshot service to a file."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import zmq

from framebus.client.snapshots import SnapshotError, request_snapshot
from framebus.commands import which_config
from framebus.config.load import ConfigError
from framebus.protocol.stills import RequestError, SnapshotRequest, from_query
from framebus.protocol.wire import WireError
from framebus.runtime.atomic_write import write_atomically
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

PARAMETERS = {
    "max_age": ("SECONDS", "the largest allowed age; an older one is replaced by a fresh one"),
    "settle": ("S|Nf", "seconds, or frames as in 10f, to wait after an idle camera was woken"),
    "timeout": ("SECONDS", "the longest wait (default: 5)"),
    "width": ("PIXELS", "the largest width; the aspect ratio stays, and nothing is enlarged"),
    "height": ("PIXELS", "the largest height"),
    "quality": ("1-100", "encode it again with this JPEG quality"),
    "at": ("UNIXTIME", "the frame of this moment, from the history"),
    "ago": ("SECONDS", "the frame of that long ago, from the history"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera, the still and the file."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write it (default: NAME.jpg; - for stdout); %%Y-%%m-%%d and other codes of strftime stand for "
        "the time at which it was taken, and missing folders of such a name are created",
    )
    parser.add_argument("--fresh", action="store_true", help="a frame captured after the request")
    parser.add_argument(
        "--upright", action="store_true", help="rotate the pixels, instead of naming the orientation in a tag"
    )
    parser.add_argument("--full", action="store_true", help="in the still_size of the configuration")
    for name, (value, text) in PARAMETERS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=value, help=text)


def run(options: argparse.Namespace) -> int:
    """Write the still, or print why there is none; returns the exit status."""
    output = options.output or f"{options.camera}.jpg"
    try:
        request = request_of(options)
        config = which_config.load(options.config)
        frame = request_snapshot(config=config.path, **parameters(request))
        if output == "-":
            sys.stdout.buffer.write(frame.jpeg)
        else:
            if "%" in output:  # creates a folder a day, but none for a misspelt name
                output = datetime.fromtimestamp(frame.captured).strftime(output)
                Path(output).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(Path(output), frame.jpeg, into_devices=True)
    except (ConfigError, RequestError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:
        raise
    except (SnapshotError, WireError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"{output}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def request_of(options: argparse.Namespace) -> SnapshotRequest:
    """Build the request, checked like one over HTTP.

    Raises:
        RequestError: A value is not allowed.
    """
    query = {name: getattr(options, name) for name in PARAMETERS if getattr(options, name) is not None}
    query |= {name: "1" for name in ("fresh", "full") if getattr(options, name)}
    if options.upright:
        query["orientation"] = "upright"
    return from_query(options.camera, query)


def parameters(request: SnapshotRequest) -> dict[str, Any]:
    """The request as arguments of request_snapshot, without those that have their default."""
    defaults = SnapshotRequest(camera=request.camera)
    fields = [name for name in SnapshotRequest.__struct_fields__ if name != "v"]
    return {
        name: getattr(request, name)
        for name in fields
        if name == "camera" or getattr(request, name) != getattr(defaults, name)
    }
