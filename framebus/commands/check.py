"""`framebus check`: checks a configuration, as `framebus up` and `framebus reload` do."""

import argparse

from framebus.commands.config import check


def add(parser: argparse.ArgumentParser) -> None:
    """Add the argument: the file to check."""
    parser.add_argument(
        "file", nargs="?", metavar="FILE", help="the configuration (default: the one that the other commands work on)"
    )


def run(options: argparse.Namespace) -> int:
    """Print a sentence for each mistake; returns the exit status, 2 if there is one."""
    return check(options.file or options.config)
