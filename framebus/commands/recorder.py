"""`framebus recorder status|start|stop|keep|release NAME`: shows and changes what is recorded."""

import argparse
import json
import sys
import time
from datetime import datetime

import msgspec
import zmq

from framebus.client.recorder import request_recorder
from framebus.commands import numbers, which_config
from framebus.commands.watch import check_known
from framebus.config.load import ConfigError
from framebus.protocol.recorder import RecorderError, RecorderHeader
from framebus.protocol.wire import WireError
from framebus.runtime.command_line import add_config
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

GB = 1_000_000_000
MB = 1_000_000
ACTIONS = {
    "status": "show what is recorded, and how much the disk holds",
    "start": "record every frame from now on",
    "stop": "end what start began",
    "keep": "mark a time, so that its recordings are never deleted to make room",
    "release": "take that mark away",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in ACTIONS.items():
        action = actions.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        action.add_argument("camera", metavar="NAME", help="a camera of the configuration")
        action.add_argument("--json", action="store_true", help="print the state as JSON")
        add_config(action, default=argparse.SUPPRESS)
        if name == "start":
            action.add_argument(
                "--seconds", type=numbers.seconds, metavar="N", help="for how long (default: until stop)"
            )
        if name in ("keep", "release"):
            action.add_argument("begin", type=moment, metavar="FROM", help="such as 2026-01-31T14:00 (local time)")
            action.add_argument("end", type=moment, metavar="TO", help="the same")


def moment(text: str) -> float:
    """A local time, or one with a zone, in Unix seconds."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f"found {text!r}; allowed: a time such as 2026-01-31T14:00") from None


def run(options: argparse.Namespace) -> int:
    """Ask the recorder and print its answer; returns the exit status."""
    seconds, begin, end = (getattr(options, name, None) for name in ("seconds", "begin", "end"))
    try:
        config = which_config.load(options.config)
        check_known(options.camera, config)
        state = request_recorder(
            options.camera, options.action, seconds=seconds, begin=begin, end=end, config=config.path
        )
    except (ConfigError, ValueError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED if isinstance(error, (RecorderError, WireError)) else EXIT_USAGE
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(json.dumps(msgspec.to_builtins(state)) if options.json else described(state))
    return EXIT_FAILED if state.state == "failed" else EXIT_OK


def described(state: RecorderHeader) -> str:
    """The state in words."""
    modes = ", ".join(state.modes) or "off"
    lines = [f"camera {state.camera}: {state.state} ({modes}){f': {state.reason}' if state.reason else ''}"]
    if state.demanded:
        left = "until stop" if state.seconds_left is None else f"{state.seconds_left:.0f} s more"
        lines.append(f"started on demand, {left}")
    lost = f", {state.missed} missed" if state.missed else ""
    lost += f", {state.dropped} not written" if state.dropped else ""
    lines.append(f"{state.frames} frames, {state.bytes / MB:.1f} MB since the recorder started{lost}")
    since = ""
    if state.oldest is not None:
        since = time.strftime(", since %Y-%m-%d %H:%M:%S", time.localtime(state.oldest))
    kept = f", {state.kept_bytes / GB:.2f} GB of it marked to be kept" if state.kept_bytes else ""
    free = "" if state.free_bytes is None else f"; {state.free_bytes / GB:.2f} GB free"
    lines.append(f"the disk holds {state.held_bytes / GB:.2f} GB in {state.segments} files{since}{kept}{free}")
    return "\n".join(lines)
