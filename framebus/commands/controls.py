"""`framebus controls NAME [CONTROL=VALUE …]`: lists the controls of a camera and sets them."""

import argparse
import json
import sys
from typing import Any

import msgspec
import zmq

from framebus.client.controls import request_controls, request_of
from framebus.commands import which_config
from framebus.commands.watch import check_known
from framebus.config.load import ConfigError
from framebus.protocol.controls import Control, ControlError, shown
from framebus.protocol.wire import WireError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the camera and the values to set."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument(
        "values", nargs="*", type=assignment, metavar="CONTROL=VALUE", help="set a control; several: all or none"
    )
    parser.add_argument("--reset", nargs="*", metavar="CONTROL", help="reset these first, or all when none is named")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def assignment(text: str) -> tuple[str, Any]:
    """Parse `brightness=0.1` into a name and a value: JSON if it is valid JSON, otherwise text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}; allowed: CONTROL=VALUE, such as brightness=0.1")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run(options: argparse.Namespace) -> int:
    """Set the values and print all controls; returns the exit status."""
    try:
        config = which_config.load(options.config)
        check_known(options.camera, config)
        request = request_of(dict(options.values), options.reset)
        controls = request_controls(options.camera, request, config=config.path)
    except (ConfigError, zmq.ZMQError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except (ControlError, WireError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    if options.json:
        print(json.dumps([as_json(control) for control in controls], indent=1))
    else:
        print(table(controls) if controls else f"camera {options.camera} has no controls")
    return EXIT_OK


def as_json(control: Control) -> dict[str, Any]:
    """A control as the HTTP API returns it."""
    converted: dict[str, Any] = msgspec.to_builtins(control)
    return converted


def table(controls: list[Control]) -> str:
    """Format controls as a table: name, value, default, allowed values."""
    rows = [("CONTROL", "VALUE", "DEFAULT", "ALLOWED")]
    for control in controls:
        notes = [note for note, holds in (("read only", control.read_only), ("inactive", control.inactive)) if holds]
        allowed = "; ".join([*([] if control.read_only else [control.allowed]), *notes])
        rows.append((control.name, formatted(control, control.value), formatted(control, control.default), allowed))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(f"{row[at]:{width}}" for at, width in enumerate(widths)), row[3]]) for row in rows)


def formatted(control: Control, value: Any) -> str:
    """Format a value of a control; an item of a menu by its name."""
    if value is None:
        return "-"
    if control.menu and str(value) in control.menu:
        return control.menu[str(value)]
    return f"{value:.6g}" if isinstance(value, float) else shown(value, 40)
