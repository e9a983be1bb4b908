"""The checks of `framebus doctor` for cameras: a running capture is asked, any other camera is tried.

capture tries the camera, in a process of its own.
"""

import contextlib
import os
import pwd
import re
import subprocess
import sys
import time

from framebus.commands.findings import Finding
from framebus.config.load import Config
from framebus.protocol.wire import StatusHeader, WireError, parse, topic
from framebus.runtime.process_environment import environment
from framebus.runtime.run_dir import Lock, RunDirError
from framebus.transport import endpoints, sockets
from framebus.transport.process_context import process_context

STATUS_SECONDS = 2.5
"""A running capture sends its status each second."""
TRIAL_SECONDS = 90.0
"""The trial ends by itself before that, and says at what the camera hangs (capture/probe.py)."""
HELD = re.compile(r"(/dev/[^\s:]+)?: in use by another program")
"""What capture says of a device that a program of another user has open."""


def can_see(config: Config) -> bool:
    """Whether this user may enter run_dir, and can so tell which cameras run."""
    return not os.path.lexists(config.run_dir) or os.access(config.run_dir, os.R_OK | os.X_OK)


def other_user(config: Config) -> str:
    """What to run if run_dir belongs to another user, who runs framebus; empty if it does not."""
    try:
        owner = config.run_dir.lstat().st_uid
        name = pwd.getpwuid(owner).pw_name
    except (OSError, KeyError):
        return ""
    return "" if owner == os.geteuid() else f"to check the framebus of user {name}, run: sudo framebus doctor"


def camera(config: Config, name: str, status_seconds: float = STATUS_SECONDS) -> Finding:
    """Check one camera. Its lock is held while it is tried, so that a capture that starts meanwhile waits.

    A running capture has `status_seconds` to send its status.
    """
    if not config.cameras[name].is_here:
        return connected(config, name, status_seconds)
    if not os.access(config.run_dir, os.W_OK | os.X_OK) and config.cameras[name].is_program:
        return running(config, name, status_seconds)
    if not os.access(config.run_dir, os.W_OK | os.X_OK):  # there is no lock to hold, and none that could be held
        return tried(config, name)
    try:
        lock = Lock(config.run_dir, name)
    except RunDirError:
        return running(config, name, status_seconds)
    with contextlib.closing(lock):
        if config.cameras[name].is_program:
            advice = "start the program that publishes it, or name it in a table [program.NAME] of the configuration"
            return Finding("wrong", f"camera {name}: no program publishes it", advice)
        return tried(config, name)


def connected(config: Config, name: str, status_seconds: float = STATUS_SECONDS) -> Finding:
    """Check a camera of another machine: whether its status arrives."""
    endpoint = endpoints.frames(config, name)
    advice = f"check that framebus runs there and publishes camera {name}, and that no firewall is in between"
    if endpoint.client is not None:
        advice += (
            f"; run there: framebus keys list; it has to list the key of this machine, {endpoint.client.public}, "
            f"and its own has to be {endpoint.server_key}"
        )
    silent = Finding("wrong", f"camera {name}: nothing arrives from {endpoint.endpoint}", advice)
    return from_status(name, endpoint, silent, status_seconds)


def running(config: Config, name: str, status_seconds: float = STATUS_SECONDS) -> Finding:
    """Check a camera whose capture runs: what its status says."""
    advice = "see its log; end that process, and supervisord starts it again"
    silent = Finding("wrong", f"camera {name}: its process runs, but sends no status", advice)
    return from_status(name, endpoints.frames(config, name), silent, status_seconds)


def from_status(
    name: str, endpoint: endpoints.Endpoint, silent: Finding, status_seconds: float = STATUS_SECONDS
) -> Finding:
    """Judge a camera by the next status of its capture; `silent` is the finding if none arrives in time."""
    subscriber = sockets.subscriber(process_context(), endpoint, topic("status", name))
    try:
        if not subscriber.poll(int(status_seconds * 1000)):
            return silent
        _, status = parse(subscriber.recv(), StatusHeader)
    except WireError as error:
        return Finding("wrong", f"camera {name}: another program publishes at its endpoint: {error}")
    finally:
        subscriber.close()
    if status.state == "offline":
        since = time.strftime("%H:%M:%S", time.localtime(status.since))
        text = f"camera {name} is offline since {since}: {status.reason}"
        return Finding("wrong", text, who_holds(str(status.reason)))
    losses = f"; {status.dropped} frames of the camera were lost" if status.dropped else ""
    losses += f"; {status.bad} were damaged" if status.bad else ""
    size = f"{status.width}x{status.height} at {status.fps:g} fps"
    return Finding("ok", f"camera {name} is {status.state}: {status.source}, {size}{losses}")


def tried(config: Config, name: str, limit_seconds: float = TRIAL_SECONDS) -> Finding:
    """Check a camera that no capture has open: take a picture with it, which may take so many seconds."""
    command = [sys.executable, "-P", "-m", "capture", name, "--try"]
    options = ["--config", str(config.path)] if config.path else []
    try:
        done = subprocess.run(
            [*command, *options],
            capture_output=True,
            text=True,
            errors="replace",  # the name of a device may be any bytes
            timeout=limit_seconds,
            check=False,
            env=environment("capture"),
        )
    except subprocess.TimeoutExpired:
        return Finding(
            "wrong", f"camera {name}: no answer within {limit_seconds:g} s", "unplug it, and plug it in again"
        )
    said = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["no output"])[-1]
    return Finding("wrong" if done.returncode else "ok", f"camera {name}: {said}", who_holds(said))


def who_holds(reason: str) -> str:
    """The command that names the program that has a device open; empty if that is not the reason."""
    held = HELD.search(reason)
    return f"to see which program that is, run: sudo fuser -v {held[1] or '/dev/media*'}" if held else ""
