"""`framebus echo NAME`: the header of each frame of a camera as a line of JSON."""

import argparse
from collections.abc import Iterator

from framebus.client.subscriber import Subscriber
from framebus.commands import measuring


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera and the number of lines."""
    measuring.add(parser, "frames")


def run(options: argparse.Namespace) -> int:
    """Print lines; returns the exit status."""
    return measuring.run(options, lines)


def lines(subscriber: Subscriber) -> Iterator[str]:
    """A line for each frame. Raises TimeoutError when the camera is silent."""
    for frame in subscriber:
        yield frame.header_json.decode("utf-8", "replace")
