"""`framebus events [NAME]`: each event of a camera, or of all, as a line of JSON."""

import argparse
import itertools
import sys

import msgspec
import zmq

from framebus.client.event_subscriber import EventSubscriber
from framebus.commands import numbers, which_config
from framebus.config.load import Config, ConfigError
from framebus.runtime.process import EXIT_OK, EXIT_USAGE


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera and the number of lines."""
    parser.add_argument("camera", metavar="NAME", nargs="?", help="a camera of the configuration (default: all)")
    parser.add_argument(
        "-n", "--lines", type=numbers.count, metavar="N", help="end after N messages (default: with Ctrl-C)"
    )


def run(options: argparse.Namespace) -> int:
    """Print messages; returns the exit status."""
    try:
        config = which_config.load(options.config)
        with EventSubscriber(options.camera, config=config.path) as subscriber:
            hint = silent(config, options.camera)
            if hint is not None:
                print(hint, file=sys.stderr, flush=True)
            for event in itertools.islice(subscriber, options.lines):
                print(msgspec.json.encode(event).decode(), flush=True)
    except (ConfigError, ValueError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        pass
    return EXIT_OK


def silent(config: Config, camera: str | None) -> str | None:
    """Why no events will come, by the configuration; None where they may.

    Args:
        config: the configuration.
        camera: one of its cameras; None for all.
    """
    if camera is None:
        if any(found.has_motion for found in config.cameras.values()):
            return None
        return "no camera reports events; set motion = true in the table of one"
    if camera not in config.cameras or config.cameras[camera].has_motion:
        return None
    return f"camera {camera} reports no events; set motion = true in [camera.{camera}]"
