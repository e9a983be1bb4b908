"""What `framebus hz`, `bw` and `echo` have in common: every frame of a camera, until there are enough."""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterator

import zmq

from framebus.client.subscriber import Subscriber
from framebus.commands import numbers, which_config
from framebus.config.load import ConfigError
from framebus.protocol.frame import Frame
from framebus.protocol.renditions import RENDITIONS
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

QUEUE_FRAMES = 300
SILENCE_SECONDS = 5.0


def add(parser: argparse.ArgumentParser, counted: str) -> None:
    """Add the arguments: the camera, what to subscribe to, and the number of lines."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument("--rendition", choices=RENDITIONS, help="its smaller frames, in place of its own")
    parser.add_argument(
        "-n", "--lines", type=numbers.count, metavar="N", help=f"end after N {counted} (default: with Ctrl-C)"
    )


def run(options: argparse.Namespace, lines: Callable[[Subscriber], Iterator[str]]) -> int:
    """Print lines made of the frames of a subscriber; returns the exit status."""
    try:
        config = which_config.load(options.config)
        with Subscriber(
            options.camera,
            config=config.path,
            queue=QUEUE_FRAMES,
            rendition=options.rendition,
            timeout=SILENCE_SECONDS,
        ) as subscriber:
            for line in itertools.islice(lines(subscriber), options.lines):
                print(line, flush=True)
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except (ConfigError, ValueError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        pass
    return EXIT_OK


def windows(subscriber: Subscriber, seconds: float = 1.0) -> Iterator[list[Frame]]:
    """The frames of each second by the time at which they were published, and the first of the next one.

    Raises TimeoutError when the camera is silent.
    """
    frames = [subscriber.receive()]
    while True:
        frames.append(subscriber.receive())
        if frames[-1].epoch != frames[0].epoch:
            frames = frames[-1:]
        elif frames[-1].published - frames[0].published >= seconds:
            yield frames
            frames = frames[-1:]
