"""The command line of the processes and of `framebus`.

argparse is imported for words that need it only. With what it loads, such as gettext and shutil, it takes 0.8 MB, and
supervisord starts its processes with hardly an option.
"""

import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser


def read(parser: "Callable[[], ArgumentParser]", names: Sequence[str] = (), **defaults: Any) -> Any:
    """Read the arguments of this process.

    Args:
        parser: Makes the parser, for command lines with options or mistakes.
        names: Of the positional arguments, all of which are required.
        defaults: Of the options, without `--config`.

    Returns:
        An object with all of them as attributes.
    """
    words = sys.argv[1:]
    if len(words) == len(names) and not any(word.startswith("-") for word in words):
        return SimpleNamespace(config=None, **defaults, **dict(zip(names, words, strict=True)))
    return parser().parse_args()


def arguments(program: str, description: str) -> "ArgumentParser":
    """A parser with what every command takes."""
    from argparse import ArgumentParser  # as the module says

    parser = ArgumentParser(prog=program, description=description)
    add_config(parser)
    return parser


def add_config(parser: "ArgumentParser", default: str | None = None) -> None:
    """Let the parser take the name of the configuration file."""
    parser.add_argument(
        "--config",
        metavar="FILE",
        default=default,
        help="the configuration (default: $FRAMEBUS_CONFIG, ./framebus.toml, /etc/framebus/framebus.toml)",
    )
