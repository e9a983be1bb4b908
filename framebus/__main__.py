"""`framebus COMMAND`, also as `python -P -m framebus COMMAND`."""

import argparse
import importlib
import sys

from framebus.runtime.process import add_config, arguments

COMMANDS = {
    "up": "run the whole pipeline in the foreground",
    "watch": "show live figures of a camera's frames",
    "snapshot": "save one still of a camera",
    "doctor": "say what is wrong with this machine, and what to do about it",
    "passwd": "let a person in with a password",
    "token": "let a program in with a token",
    "cert": "make a certificate, so that nobody on the way can read along",
    "keys": "make, list and remove the keys of machines that share cameras",
    "controls": "list, set or reset the controls of a camera",
}


def main() -> int:
    """Run a command; returns its exit status."""
    parser = arguments("framebus", "A camera server of small processes: the newest frame or none.")
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
