"""`framebus config`: prints the sample configuration, or checks a configuration."""

import argparse
import sys
from pathlib import Path

from framebus.commands import which_config
from framebus.config.load import FILE_NAME, ConfigError, load
from framebus.runtime.process import EXIT_OK, EXIT_USAGE


def add(parser: argparse.ArgumentParser) -> None:
    """Add the argument: the file to check."""
    parser.add_argument(
        "--check",
        nargs="?",
        const="",
        metavar="FILE",
        help="check this configuration instead (default: the one that the other commands work on)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the sample, or check a file; returns the exit status."""
    if options.check is not None:
        return check(options.check or options.config)
    sys.stdout.write(sample().read_text())
    return EXIT_OK


def check(named: str | None) -> int:
    """Read a configuration as `framebus up` does, and print a sentence for each mistake; returns the exit status."""
    try:
        file = which_config.locate(named)
        config = load(file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    cameras = ", ".join(config.cameras)
    where = which_config.shown(file) if file else f"there is no {FILE_NAME}; the built-in defaults"
    for warning in config.warnings:
        print(warning, file=sys.stderr)
    print(f"{where}: no mistakes; cameras: {cameras}")
    return EXIT_OK


def sample() -> Path:
    """The commented sample: inside an installed package, or at the top of a working copy."""
    package = Path(__file__).parent.parent
    return next(file for file in (package / FILE_NAME, package.parent / FILE_NAME) if file.is_file())
