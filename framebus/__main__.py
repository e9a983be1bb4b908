"""`framebus COMMAND`, also as `python -m framebus COMMAND`."""

import argparse
import importlib
import sys

from framebus import __version__
from framebus.runtime.process import add_config, arguments

COMMANDS = {
    "up": "run the whole pipeline in the foreground",
    "watch": "show live figures of a camera's frames",
    "snapshot": "save one still of a camera",
    "doctor": "say what is wrong with this machine, and what to do about it",
    "passwd": "add a person, who logs in with a password",
    "token": "add a token for a program",
    "cert": "make a certificate, so that connections are encrypted",
    "keys": "make, list and remove the keys of machines that share cameras",
    "controls": "list, set or reset the controls of a camera",
}


def main() -> int:
    """Run a command; returns its exit status."""
    parser = arguments("framebus", "A camera server of small processes: the newest frame or none.")
    parser.add_argument("--version", action="version", version=f"framebus {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        importlib.import_module(f"framebus.commands.{name}").add(command)
        add_config(command, default=argparse.SUPPRESS)  # it may stand before the command as well as behind it
    options = parser.parse_args()
    status: int = importlib.import_module(f"framebus.commands.{options.command}").run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
