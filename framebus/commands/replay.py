"""`framebus replay FILE --as NAME`: publishes a recording as a camera, for tests and labs."""

import argparse
import sys

from framebus.commands import which_config
from framebus.commands.progress import Progress
from framebus.config.load import ConfigError
from framebus.errors import ArgumentError, PictureError, PublisherError
from framebus.protocol.recording import RecordingError, RecordingReader
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the file, the camera and the pace."""
    parser.add_argument("file", metavar="FILE", help="a recording made by `framebus record`")
    parser.add_argument(
        "--as", dest="camera", metavar="NAME", required=True, help="the camera to be, whose own process must not run"
    )
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--speed", type=float, default=1.0, metavar="X", help="X times as fast (default: 1)")
    pace.add_argument("--step", action="store_true", help="one frame for each line that is read from stdin")
    parser.add_argument("--wait", action="store_true", help="begin when the first viewer comes")
    parser.add_argument("--keep-time", action="store_true", help="keep `captured`, instead of shifting it to now")


def run(options: argparse.Namespace) -> int:
    """Publish all frames; returns the exit status."""
    from framebus.client.replay import Replayer, replay

    if not 0 < options.speed <= 1000:
        print(f"--speed {options.speed:g}: allowed are numbers above 0, at most 1000", file=sys.stderr)
        return EXIT_USAGE
    progress = Progress()
    try:
        with open(options.file, "rb") as file:
            reader = RecordingReader(file, options.file)
            with Replayer(which_config.load(options.config), options.camera) as replayer:
                print(f"camera {options.camera} is replayed from {options.file}", flush=True)
                if options.wait:
                    replayer.wait_watched()
                count = replay(
                    reader,
                    replayer,
                    speed=options.speed,
                    keep_time=options.keep_time,
                    step=_step if options.step else None,
                    on_frame=lambda number: progress.show(f"{number} frames"),
                )
                progress.end()
    except (ConfigError, ArgumentError, RecordingError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (PublisherError, PictureError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"{options.file}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        progress.end()
        return EXIT_OK
    print(f"{count} frames{'; the file is cut after them' if reader.is_cut else ''}")
    return EXIT_OK


def _step(number: int) -> bool:
    return bool(sys.stdin.readline())
