"""`framebus COMMAND`, also as `python -P -m framebus COMMAND`."""

import argparse
import importlib
import os
import signal
import sys

from framebus import __version__
from framebus.runtime.command_line import add_config, arguments

EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE
"""What a shell shows of a program that SIGPIPE ended."""
COMMANDS = {
    "up": "run everything in the foreground",
    "reload": "apply a changed configuration without a restart",
    "status": "show the version, addresses, cameras and processes of the running framebus",
    "check": "check a configuration",
    "install": "make framebus a service of this machine, which starts at each boot",
    "uninstall": "remove that service",
    "open": "let a person watch from the network, with a password",
    "close": "let only this machine watch again",
    "camera": "find, add, change and remove cameras",
    "integrate": "print the configuration of another program, such as OctoPrint, for the cameras",
    "watch": "show rate, age and size of a camera's frames",
    "snapshot": "save one still of a camera",
    "list": "list the cameras and their state",
    "hz": "show the rate of a camera's frames",
    "bw": "show the bandwidth of a camera's frames",
    "echo": "print the header of each frame of a camera",
    "events": "print what happens in front of the cameras",
    "recorder": "show what is recorded, start and stop recordings, and keep them",
    "record": "write every frame of a camera to a file",
    "replay": "publish a recording as a camera",
    "export": "make JPEGs or an MCAP file of a recording",
    "config": "print the sample configuration, or check a configuration",
    "doctor": "find what is wrong on this machine and what to do about it",
    "passwd": "add, change and remove users, who log in with a password",
    "token": "make, list and revoke tokens for programs",
    "link": "make a link that logs a device in once, with its QR code",
    "cert": "make a self-signed certificate for TLS",
    "keys": "make, list and remove keys of machines that share cameras",
    "controls": "list, set or reset the controls of a camera",
}


def main() -> int:
    """Run a command; returns its exit status."""
    try:
        try:
            return run()
        finally:
            sys.stdout.flush()  # here, where a failure can be handled
    except BrokenPipeError:  # its reader has seen enough, such as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python still writes at its end
        return EXIT_BROKEN_PIPE


def run() -> int:
    """Run a command; returns its exit status. Raises SystemExit after --help, and for wrong arguments."""
    parser = arguments("framebus", "A camera server of small processes: the newest frame or none.")
    parser.add_argument("--version", action="version", version=f"framebus {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name in sys.argv:  # the modules of all the others take as long again as all of `framebus up`
            importlib.import_module(f"framebus.commands.{name}").add(command)
        add_config(command, default=argparse.SUPPRESS)  # it may stand before or after the command
    options = parser.parse_args()
    status: int = importlib.import_module(f"framebus.commands.{options.command}").run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
