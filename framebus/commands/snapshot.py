"""`framebus snapshot NAME`: one still from the snapshot service, into a file."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import zmq

from framebus.client.snapshots import SnapshotError, request_snapshot
from framebus.config.load import ConfigError
from framebus.protocol.stills import RequestError, SnapshotRequest, from_query
from framebus.protocol.wire import WireError
from framebus.runtime.atomic_write import write_atomically
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

WISHES = {
    "max_age": ("SECONDS", "not older than this; else a fresh one is made"),
    "settle": ("S|Nf", "so many seconds, or frames as in 10f, after a camera that rested was woken"),
    "timeout": ("SECONDS", "wait at most so long (default: 5)"),
    "width": ("PIXELS", "at most so wide; the aspect stays, and nothing is enlarged"),
    "height": ("PIXELS", "at most so high"),
    "quality": ("1-100", "encode it anew with this quality"),
    "at": ("UNIXTIME", "the picture of this moment, from the history"),
    "ago": ("SECONDS", "the picture of so long ago, from the history"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Which camera, what the still shall be, and where to."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="where to write it (default: NAME.jpg; - for stdout); %%Y-%%m-%%d and the like stand for the moment at "
        "which it was taken, and missing folders of such a name are made",
    )
    parser.add_argument("--fresh", action="store_true", help="one that is taken from now on")
    parser.add_argument("--upright", action="store_true", help="turn the pixels, rather than say how to in a tag")
    parser.add_argument("--full", action="store_true", help="in still_size of the configuration")
    for name, (value, text) in WISHES.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=value, help=text)


def run(options: argparse.Namespace) -> int:
    """Write the still, or say why there is none."""
    output = options.output or f"{options.camera}.jpg"
    try:
        request = request_of(options)
        frame = request_snapshot(config=options.config, **wishes(request))
        if output == "-":
            sys.stdout.buffer.write(frame.jpeg)
        else:
            if "%" in output:  # a folder a day is made; one that was merely misspelt is not
                output = datetime.fromtimestamp(frame.captured).strftime(output)
                Path(output).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(Path(output), frame.jpeg)
    except (ConfigError, RequestError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except (SnapshotError, WireError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"{output}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def request_of(options: argparse.Namespace) -> SnapshotRequest:
    """What the flags ask for, judged as over HTTP. Raises RequestError."""
    query = {name: getattr(options, name) for name in WISHES if getattr(options, name) is not None}
    query |= {name: "1" for name in ("fresh", "full") if getattr(options, name)}
    if options.upright:
        query["orientation"] = "upright"
    return from_query(options.camera, query)


def wishes(request: SnapshotRequest) -> dict[str, Any]:
    """The request as arguments of request_snapshot: what was asked for, and nothing else."""
    defaults = SnapshotRequest(camera=request.camera)
    fields = [name for name in SnapshotRequest.__struct_fields__ if name != "v"]
    return {
        name: getattr(request, name)
        for name in fields
        if name == "camera" or getattr(request, name) != getattr(defaults, name)
    }
