"""`framebus camera find|add|set|remove`: the cameras of framebus.toml, changed with its comments kept."""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from framebus.commands import which_config
from framebus.config.camera import CameraConfig
from framebus.config.edit import Value
from framebus.config.load import ConfigError
from framebus.config.strict_toml import did_you_mean
from framebus.errors import UsageError
from framebus.runtime.command_line import add_config
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.settings.attached_cameras import attached_cameras
from framebus.settings.camera_edits import with_camera, with_changed_camera, without_camera
from framebus.settings.config_file import OLD
from framebus.settings.settings_error import SettingsError
from framebus.supervision.client import SupervisionError

MAX_SHOWN_SIZES = 6


def add(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    finding = actions.add_parser("find", help="list the cameras that are attached to this machine")
    finding.add_argument("--json", action="store_true", help="as JSON")
    adding = actions.add_parser("add", help="add a camera")
    setting = actions.add_parser("set", help="change keys of a camera")
    removing = actions.add_parser("remove", help="remove a camera")
    for action in (adding, setting, removing):
        action.add_argument("name", metavar="NAME", help="the camera's name in URLs and commands")
    for action in (adding, setting):
        action.add_argument(
            "keys", metavar="KEY=VALUE", nargs="*", help='such as source=auto "title=Front door"; KEY= removes the key'
        )
    for action in (finding, adding, setting, removing):
        add_config(action, default=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Carry out the action; returns the exit status."""
    try:
        if options.action == "find":
            show(attached_cameras(), as_json=options.json)
        else:
            change(options)
    except (ConfigError, UsageError, SettingsError) as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except SupervisionError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def show(cameras: list[dict[str, Any]], *, as_json: bool) -> None:
    """Print what was found."""
    if as_json:
        print(json.dumps(cameras, indent=1))
        return
    for camera in cameras:
        sizes = [f"{one['size']} at {one['fps']:g} fps" if one["fps"] else one["size"] for one in camera["sizes"]]
        listed = ", ".join(sizes[:MAX_SHOWN_SIZES]) + (", …" if len(sizes) > MAX_SHOWN_SIZES else "")
        print(f"{camera['source']}\t{camera['name']}\t{camera['problem'] or listed}")
    if not cameras:
        print("no camera is attached; a network camera is added by its URL: framebus camera add NAME source=rtsp://…")


def change(options: argparse.Namespace) -> None:
    """Change framebus.toml, and print what was done.

    Raises:
        UsageError: A key or a value is not allowed.
        ConfigError: framebus refuses the change; the file is unchanged.
        SettingsError: The file cannot be changed.
        SupervisionError: The running framebus cannot be asked.
    """
    file = which_config.file_of(which_config.load(options.config))
    before, after = file.write(edit_of(options))
    if after == before:
        print(f"{file.path} says so already")
        return
    print(f"{file.path} was changed; {file.path}{OLD} has the text from before")
    for sentence in file.apply(before, after):
        print(sentence)


def edit_of(options: argparse.Namespace) -> Callable[[str], str]:
    """What to do with the text of the file. Raises UsageError."""
    name = options.name
    if options.action == "remove":
        return lambda text: without_camera(text, name)
    keys = values(options.keys)
    if options.action == "add":
        if "source" not in keys:
            raise UsageError("name its source, such as source=auto; `framebus camera find` lists what is attached")
        return lambda text: with_camera(text, name, keys)
    if not keys:
        raise UsageError('name what to change, such as fps=15 or "title=Front door"')
    return lambda text: with_changed_camera(text, name, keys)


def values(words: list[str]) -> dict[str, Value | None]:
    """The values of KEY=VALUE; None for KEY=. Raises UsageError."""
    found: dict[str, Value | None] = {}
    known = list(CameraConfig.__struct_fields__)
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise UsageError(f"found {word[:40]!r}; allowed: KEY=VALUE, such as fps=15")
        if key not in known:
            raise UsageError(f"there is no key {key[:40]!r} of a camera{did_you_mean(key, known)}")
        found[key] = value(key, text) if text else None
    return found


def value(key: str, text: str) -> Value:
    """A value as TOML would have it: texts need no quotes here."""
    if isinstance(getattr(CameraConfig(), key), str) or key in ("title", "source", "size", "still_size"):
        return text
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
