"""What the gateway and `framebus camera` may write into a [camera.NAME] table. Texts in, texts out; no files."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from framebus.config.camera import CameraConfig
from framebus.config.edit import EditError, Value, with_keys, without_table
from framebus.config.source_spec import SourceSpec
from framebus.protocol.unknown_camera import unknown_camera
from framebus.protocol.wire import CAMERA_ALLOWED, is_camera_name
from framebus.settings.settings_error import SettingsError

KEYS = ("title", "source", "size", "fps", "quality", "orientation", "hflip", "vflip")
"""Keys that can be set from another machine. The others are for the person who edits the file."""
MAX_VALUE_LENGTH = 2000
"""Of a text, in characters: what browsers and servers take of a URL."""
SCHEMES = ("http", "https", "rtsp", "rtsps")
DEVICE = re.compile(
    r"/dev/video[0-9]{1,3}|/dev/v4l/by-(?:id|path)/[A-Za-z0-9_.:+-]{1,200}|(?:serial|name)=[^\0\n]{1,200}"
)
REMOTE_SOURCES = (
    "auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, v4l2:serial=…, v4l2:name=…, "
    f"or a URL with {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
)


def check_source(text: str) -> None:
    """Check that a source is a camera: no file of this machine, no program, no protocol that listens.

    Raises:
        SettingsError: It is something else; only the configuration file itself may name that.
    """
    try:
        source = SourceSpec.parse(text)
    except ValueError as error:
        raise SettingsError("not-allowed", f"source: found {SourceSpec.shown(text)!r}; allowed: {error}") from None
    if source.kind == "v4l2" and DEVICE.fullmatch(source.target):
        return
    if source.kind == "media" and source.target.partition("://")[0] in SCHEMES and "://" in source.target:
        return
    if source.kind in ("v4l2", "media", "program"):
        shown = SourceSpec.shown(text)
        raise SettingsError(
            "not-allowed",
            f"source: found {shown[:80]!r}; allowed here: {REMOTE_SOURCES}; other sources are set in framebus.toml",
        )


def check_remote(values: Mapping[str, Any]) -> dict[str, Value | None]:
    """Check what a client on another machine wants to set.

    Args:
        values: By key; None removes the key, so that its default holds.

    Returns:
        The values.

    Raises:
        SettingsError: A key or a type that is not allowed.
    """
    for key, value in values.items():
        if key not in KEYS:
            raise SettingsError(
                "not-allowed", f"{key[:40]!r} is set in framebus.toml only; allowed here: {', '.join(KEYS)}"
            )
        if not isinstance(value, str | bool | int | float | None):
            raise SettingsError(
                "not-allowed", f"{key}: found a list or an object; allowed: a text, a number, true or false"
            )
        if isinstance(value, str) and not _is_line(key, value):
            raise SettingsError(
                "not-allowed", f"{key}: allowed: a text of at most {MAX_VALUE_LENGTH} printable characters in one line"
            )
    source = values.get("source")
    if isinstance(source, str):
        check_source(source)
    return dict(values)


def _is_line(key: str, value: str) -> bool:
    """Whether it is a text of one line; a title may have more letters, which its own rule checks (Title)."""
    if len(value) > MAX_VALUE_LENGTH:
        return False
    return not re.search("[\ud800-\udfff]", value) if key == "title" else value.isprintable()


def with_camera(text: str, name: str, values: Mapping[str, Value | None]) -> str:
    """The text with a new camera at the end.

    Raises:
        SettingsError: There is a camera of that name, or none may have it.
        EditError: The text cannot be changed safely.
    """
    if not is_camera_name(name):
        raise SettingsError("not-allowed", f"name: found {name[:40]!r}; allowed: {CAMERA_ALLOWED}")
    cameras = tables(text)
    if name in cameras:
        raise SettingsError("exists", f"there is a camera {name} already; choose another name")
    if not cameras:  # the default camera would go with the first table
        if name == "front":
            return with_keys(text, "camera.front", values)
        text = with_keys(text, "camera.front", {"source": str(CameraConfig().source)})
    return with_keys(text, f"camera.{name}", values)


def with_changed_camera(text: str, name: str, values: Mapping[str, Value | None]) -> str:
    """The text with keys of a camera set or removed.

    Raises:
        SettingsError: There is no such camera.
        EditError: The text cannot be changed safely.
    """
    _check_known(text, name)
    return with_keys(text, f"camera.{name}", values)


def without_camera(text: str, name: str) -> str:
    """The text without a camera.

    Raises:
        SettingsError: There is no such camera, or no other one.
        EditError: The text cannot be changed safely.
    """
    _check_known(text, name)
    if len(tables(text)) < 2:
        raise SettingsError("not-allowed", f"{name} is the only camera; change it, or add another one first")
    return without_table(text, f"camera.{name}")


def tables(text: str) -> dict[str, Any]:
    """The [camera.NAME] tables of the text, by name; empty where the default camera holds. Raises EditError."""
    try:
        found = tomllib.loads(text).get("camera", {})
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"not valid TOML: {error}") from None
    return found if isinstance(found, dict) else {}


def _check_known(text: str, name: str) -> None:
    known = tables(text) or {"front": {}}
    if name not in known:
        raise SettingsError("unknown-camera", unknown_camera(name, known))
