"""`framebus status`: the version, the addresses, the cameras and the processes of the running framebus."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import zmq

from framebus import __version__
from framebus.commands import which_config
from framebus.config import load as configuration
from framebus.config.load import Config, ConfigError
from framebus.protocol.wire import StatusHeader, WireError, parse, topic
from framebus.runtime.own_addresses import own_addresses, pages_to_open
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.runtime.time_of_day import time_of_day
from framebus.supervision.client import SupervisionError, ask
from framebus.supervision.files import Files
from framebus.transport import endpoints, sockets
from framebus.transport.process_context import process_context

CAMERAS_SECONDS = 2.5
"""A running capture sends its status each second."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the argument: the form of the answer."""
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def run(options: argparse.Namespace) -> int:
    """Print the status; returns the exit status, 1 if framebus does not run."""
    try:
        file = which_config.locate(options.config)
        run_dir = which_config.run_dir_of(file) or configuration.load(file, keys=False).run_dir
        found = collect(run_dir, ask(run_dir, "status"))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except SupervisionError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(json.dumps(found, indent=1) if options.json else "\n".join(lines(found)))
    return EXIT_OK


def collect(run_dir: Path, supervisor: dict[str, Any]) -> dict[str, Any]:
    """Everything that the command shows, as plain data.

    Args:
        run_dir: That of the running framebus.
        supervisor: What its supervisord says.

    Raises:
        ConfigError: The configuration in force cannot be read.
    """
    config = configuration.load(Files.of(run_dir).copy, keys=False)
    encrypted = config.gateway.tls_cert is not None
    return {
        "version": supervisor["version"],
        "installed": __version__,
        "config": str(config.path) if config.path else None,
        "changed": was_changed(config),
        "uptime": supervisor["uptime"],
        "urls": pages_to_open(config.gateway.listen, encrypted, own_addresses()),
        "cameras": cameras(config),
        "processes": supervisor["processes"],
    }


def was_changed(config: Config) -> bool:
    """Whether the configuration file says something else than the configuration in force."""
    if config.path is None:
        return False
    try:
        return configuration.load(config.path, keys=False) != config
    except ConfigError:
        return True


def cameras(config: Config, seconds: float = CAMERAS_SECONDS) -> list[dict[str, Any]]:
    """The state of each camera, by the next status that it sends within some seconds."""
    statuses: dict[str, StatusHeader] = {}
    poller = zmq.Poller()
    subscribers = {}
    for name in config.cameras:
        try:
            endpoint = endpoints.frames(config, name)
        except ConfigError:  # there is no key for it
            continue
        socket = sockets.subscriber(process_context(), endpoint, topic("status", name))
        subscribers[socket] = name
        poller.register(socket, zmq.POLLIN)
    deadline = time.monotonic() + seconds
    while len(statuses) < len(subscribers) and (left := deadline - time.monotonic()) > 0:
        for socket, _ in poller.poll(round(left * 1000)):
            try:
                _, statuses[subscribers[socket]] = parse(socket.recv(), StatusHeader)
            except WireError:
                continue
            poller.unregister(socket)
    for socket in subscribers:
        socket.close()
    return [described(name, statuses.get(name)) for name in config.cameras]


def described(name: str, status: StatusHeader | None) -> dict[str, Any]:
    """The state of a camera; without a status, its process does not answer."""
    if status is None:
        return {"name": name, "state": "silent", "reason": "its process sends no status", "since": None}
    return {
        "name": name,
        "state": status.state,
        "reason": status.reason or None,
        "since": status.since,
        "source": status.source,
        "width": status.width,
        "height": status.height,
        "fps": status.fps,
    }


def lines(found: dict[str, Any]) -> list[str]:
    """What is shown to a person."""
    version = found["version"]
    text = [f"framebus {version} has been running for {duration(found['uptime'])}"]
    if version != found["installed"]:
        text.append(f"version {found['installed']} is installed; restart framebus to run it")
    text.append(f"configuration: {found['config'] or 'built-in defaults'}")
    if found["changed"]:
        text.append("the configuration was changed since; to apply it, run: framebus reload")
    text.append(f"open {' or '.join(found['urls'])}")
    text += ["", "cameras:", *table([camera_row(camera) for camera in found["cameras"]])]
    text += ["", "processes:", *table([process_row(process) for process in found["processes"]])]
    return text


def camera_row(camera: dict[str, Any]) -> list[str]:
    """Name, state and details."""
    if camera["state"] in ("live", "idle"):
        details = f"{camera['width']}x{camera['height']} at {camera['fps']:g} fps, {camera['source']}"
    else:
        since = f" since {time_of_day(camera['since'])}" if camera["since"] else ""
        details = f"{camera['reason'] or ''}{since}".strip()
    return [camera["name"], camera["state"], details]


def process_row(process: dict[str, Any]) -> list[str]:
    """Name, uptime, and the last restart and its reason."""
    running = f"up {duration(process['uptime'])}" if process["uptime"] is not None else "is starting"
    if not process["restarts"]:
        return [process["name"], running, "not restarted"]
    times = "once" if process["restarts"] == 1 else f"{process['restarts']} times"
    return [
        process["name"],
        running,
        f"restarted {times}, last at {time_of_day(process['last_restart'])}: {process['why']}",
    ]


def table(rows: list[list[str]]) -> list[str]:
    """Columns of equal width, indented."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def duration(seconds: float | None) -> str:
    """A time span in at most two units."""
    whole = round(seconds or 0)
    for size, unit, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // smaller_size} {smaller}"
    return f"{whole} s"
