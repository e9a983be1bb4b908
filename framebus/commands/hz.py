"""`framebus hz NAME`: the rate of a camera's frames, and how even it is, a line a second."""

import argparse
import statistics
from collections.abc import Iterator
from itertools import pairwise

from framebus.client.subscriber import Subscriber
from framebus.commands import measuring


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera and the number of lines."""
    measuring.add(parser, "seconds")


def run(options: argparse.Namespace) -> int:
    """Print lines; returns the exit status."""
    return measuring.run(options, lines)


def lines(subscriber: Subscriber) -> Iterator[str]:
    """A line for each second. Raises TimeoutError when the camera is silent."""
    for frames in measuring.windows(subscriber):
        gaps = [(after.published - before.published) * 1000 for before, after in pairwise(frames)]
        missed = sum(frame.missed for frame in frames[1:])
        yield (
            f"{subscriber.camera}: {1000 / statistics.fmean(gaps):.2f} Hz, gaps {min(gaps):.1f} to {max(gaps):.1f} ms, "
            f"deviation {statistics.pstdev(gaps):.1f} ms, {missed} missed"
        )
