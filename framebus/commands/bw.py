"""`framebus bw NAME`: the bytes of a camera's frames, a line a second."""

import argparse
import statistics
from collections.abc import Iterator

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
        sizes = [len(frame.jpeg) for frame in frames[1:]]
        rate = sum(sizes) / (frames[-1].published - frames[0].published)
        yield (
            f"{subscriber.camera}: {rate / 1e6:.2f} MB/s ({rate * 8 / 1e6:.1f} Mbit/s), "
            f"frames of {statistics.fmean(sizes) / 1000:.1f} kB, {min(sizes) / 1000:.1f} to {max(sizes) / 1000:.1f} kB"
        )
