"""`framebus list`: the cameras of the configuration and the state of each, a line each."""

import argparse
import sys
import time

from framebus.client.status_subscriber import StatusSubscriber
from framebus.commands import which_config
from framebus.config.load import Config, ConfigError
from framebus.errors import FramebusError
from framebus.runtime.process import EXIT_OK, EXIT_USAGE

STATUS_SECONDS = 1.5
"""A camera's process sends its status to a new subscriber at once, and once a second."""


def add(parser: argparse.ArgumentParser) -> None:
    """This command takes nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """Print the cameras; returns the exit status."""
    try:
        config = which_config.load(options.config)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    longest = max(map(len, config.cameras))
    for camera, text in states(config).items():
        print(f"{camera:{longest}}  {text}")
    return EXIT_OK


def states(config: Config, status_seconds: float = STATUS_SECONDS) -> dict[str, str]:
    """What each camera says of itself within so many seconds."""
    found: dict[str, str] = {}
    subscribers = {}
    for camera in config.cameras:
        try:
            subscribers[camera] = StatusSubscriber(camera, config=config.path)
        except FramebusError as error:
            found[camera] = f"not connected: {error}"
    deadline = time.monotonic() + status_seconds  # for all of them
    for camera, subscriber in subscribers.items():
        with subscriber:
            try:
                status = subscriber.receive(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                status = None
        if status is None or status.pid == 0:  # the subscriber made it: a busy machine took longer than its deadline
            found[camera] = "not running"
            continue
        size = f", {status.width}x{status.height} at {status.fps:g} fps" if status.width else ""
        reason = f": {status.reason}" if status.reason else ""
        found[camera] = f"{status.state}{reason} ({status.source}{size})"
    return {camera: found[camera] for camera in config.cameras}
