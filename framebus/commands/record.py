"""`framebus record NAME`: writes every frame of a camera to a file, for `framebus replay` and `framebus export`."""

import argparse
import os
import sys
import time
from pathlib import Path

import zmq

from framebus.client.subscriber import Subscriber
from framebus.commands import numbers, which_config
from framebus.commands.progress import Progress
from framebus.config.load import ConfigError
from framebus.protocol.recording import MAGIC, record
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

QUEUE_FRAMES = 300
"""Ten seconds at 30 fps: how long a disk may stall."""
SYNC_SECONDS = 1.0
"""What a loss of power costs at most."""
SLICE_SECONDS = 0.5


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera, the file and the length."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to write it (default: NAME.framebus)")
    parser.add_argument(
        "--seconds", type=numbers.seconds, metavar="N", help="end after N seconds (default: with Ctrl-C)"
    )


def run(options: argparse.Namespace) -> int:
    """Record until the end; returns the exit status."""
    file = Path(options.output or f"{options.camera}.framebus")
    try:
        config = which_config.load(options.config)
        with Subscriber(options.camera, config=config.path, queue=QUEUE_FRAMES) as subscriber:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            try:
                frames = write(subscriber, descriptor, options.seconds)
            finally:
                os.fsync(descriptor)
                os.close(descriptor)
    except FileExistsError:
        print(f"{file} exists already; name another file with -o", file=sys.stderr)
        return EXIT_USAGE
    except OSError as error:
        print(f"{file}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    except (ConfigError, ValueError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    if not frames:
        file.unlink(missing_ok=True)
        print(f"camera {options.camera} gave no frame", file=sys.stderr)
        return EXIT_FAILED
    size = file.stat().st_size / 1e6
    print(f"{file}: {frames} frames of camera {options.camera}, {size:.1f} MB, {subscriber.missed} missed")
    return EXIT_OK


def write(subscriber: Subscriber, descriptor: int, seconds: float | None) -> int:
    """Write frames to a file until the time is over, or Ctrl-C; returns how many. Raises OSError.

    Each frame is written at once, so that nothing is lost when this process is killed.
    """
    frames = 0
    began = synced = time.monotonic()
    progress = Progress()
    append(descriptor, MAGIC)
    try:
        while seconds is None or time.monotonic() - began < seconds:
            left = SLICE_SECONDS if seconds is None else began + seconds - time.monotonic()
            try:
                frame = subscriber.receive(max(0.0, min(SLICE_SECONDS, left)))
            except TimeoutError:
                continue
            append(descriptor, record(frame.message))
            frames += 1
            now = time.monotonic()
            if now - synced > SYNC_SECONDS:
                os.fsync(descriptor)
                synced = now
            progress.show(f"{frames} frames, {now - began:.0f} s, {subscriber.missed} missed")
    except KeyboardInterrupt:
        pass
    progress.end()
    return frames


def append(descriptor: int, data: bytes) -> None:
    """Write all of it. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
