"""`framebus controls NAME [CONTROL=VALUE …]`: what can be set in a camera, and setting it."""

import argparse
import json
import sys
from typing import Any

import zmq

from framebus.client.controls import request_controls, request_of
from framebus.commands.watch import check_known
from framebus.config.load import ConfigError, load
from framebus.protocol.controls import Control, ControlError, shown
from framebus.protocol.wire import WireError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE


def add(parser: argparse.ArgumentParser) -> None:
    """Which camera, and what to set."""
    parser.add_argument("camera", metavar="NAME", help="a camera of the configuration")
    parser.add_argument(
        "values", nargs="*", type=assignment, metavar="CONTROL=VALUE", help="set a control; several: all or none"
    )
    parser.add_argument("--reset", nargs="*", metavar="CONTROL", help="reset these first, or all when none is named")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")


def assignment(text: str) -> tuple[str, Any]:
    """`brightness=0.1` as a name and a value: JSON where it is that, else a text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}; allowed: CONTROL=VALUE, such as brightness=0.1")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def run(options: argparse.Namespace) -> int:
    """Set what is asked for, and show how everything is set then."""
    try:
        check_known(options.camera, load(options.config))
        request = request_of(dict(options.values), options.reset)
        controls = request_controls(options.camera, request, config=options.config)
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
    """As the HTTP API says it."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(control)
    return found


def table(controls: list[Control]) -> str:
    """A line each: name, value, default, what is allowed."""
    rows = [("CONTROL", "VALUE", "DEFAULT", "ALLOWED")]
    for control in controls:
        notes = [
            note for note, holds in (("read only", control.read_only), ("no effect now", control.inactive)) if holds
        ]
        allowed = "; ".join([*([] if control.read_only else [control.allowed]), *notes])
        rows.append((control.name, value(control, control.value), value(control, control.default), allowed))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join("  ".join([*(f"{row[at]:{width}}" for at, width in enumerate(widths)), row[3]]) for row in rows)


def value(control: Control, found: Any) -> str:
    """A value as people say it."""
    if found is None:
        return "-"
    if control.menu and str(found) in control.menu:
        return control.menu[str(found)]
    return f"{found:.6g}" if isinstance(found, float) else shown(found, 40)
