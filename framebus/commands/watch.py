"""`framebus watch NAME`: the rate, age and size of a camera's frames as a subscriber gets them, a line a second."""

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Sequence

import zmq

from framebus.client.subscriber import Subscriber
from framebus.commands import numbers, which_config
from framebus.config.load import Config, ConfigError
from framebus.protocol.frame import Frame
from framebus.protocol.renditions import RENDITIONS
from framebus.protocol.unknown_camera import unknown_camera
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

LINE_SECONDS = 1.0
SILENCE_SECONDS = 5.0
"""A camera that runs sends a frame within this time, also while it is idle."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera, a rendition and the number of lines."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument("--rendition", choices=RENDITIONS, help="watch the frames of half or a quarter of the size")
    parser.add_argument(
        "-n", "--lines", type=numbers.count, metavar="N", help="end after N lines (default: with Ctrl-C)"
    )


def run(options: argparse.Namespace, silence_seconds: float = SILENCE_SECONDS) -> int:
    """Print lines until there are enough, or Ctrl-C; returns the exit status.

    Args:
        options: The arguments of the command.
        silence_seconds: End with an error after this long without a frame.
    """
    try:
        config = which_config.load(options.config)
        with Subscriber(options.camera, rendition=options.rendition, config=config.path) as subscriber:
            check_known(options.camera, config)
            for _ in range(options.lines) if options.lines else itertools.count():
                print(describe(collect(subscriber, silence_seconds)), flush=True)
    except (ConfigError, ValueError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except BrokenPipeError:  # the reader of a pipe has ended, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit would fail too
    except KeyboardInterrupt:
        pass
    return EXIT_OK


def check_known(camera: str, config: Config) -> None:
    """Check the name of a camera.

    Raises:
        ConfigError: The configuration file does not have this camera.
    """
    if config.path is not None and camera not in config.cameras:
        raise ConfigError([unknown_camera(camera, config.cameras)])


def collect(subscriber: Subscriber, silence_seconds: float = SILENCE_SECONDS) -> list[tuple[Frame, float]]:
    """Receive the frames of the next second, at least one.

    Returns:
        Each frame with its age in seconds when it arrived.

    Raises:
        TimeoutError: No frame arrived within `silence_seconds`.
    """
    frame = subscriber.receive(silence_seconds)
    frames = [(frame, frame.age)]
    end = time.monotonic() + LINE_SECONDS
    while (left := end - time.monotonic()) > 0:
        try:
            frame = subscriber.receive(left)
        except TimeoutError:
            break
        frames.append((frame, frame.age))
    return frames


def describe(frames: Sequence[tuple[Frame, float]]) -> str:
    """Format rate, age, gaps and size of one or more frames as a line."""
    (first, first_age), (last, last_age) = frames[0], frames[-1]
    # Between arrivals: the very first frame may have been captured long before, and sent again for this subscriber.
    seconds = (last.captured + last_age) - (first.captured + first_age)
    rate = (len(frames) - 1) / seconds if seconds > 0 else len(frames) / LINE_SECONDS
    ages_ms = [age * 1000 for _, age in frames]
    missed = sum(frame.missed for frame, _ in frames)
    kilobytes = statistics.fmean(len(frame.jpeg) for frame, _ in frames) / 1000
    return (
        f"{last.camera}: {rate:5.1f} fps, age {statistics.median(ages_ms):6.1f} ms (at most {max(ages_ms):.1f}), "
        f"missed {missed}, {last.width}x{last.height}, {kilobytes:.0f} kB, #{last.seq}"
    )
