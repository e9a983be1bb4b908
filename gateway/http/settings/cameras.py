"""/api/settings/cameras, /api/settings/attached and /api/settings/preview."""

import base64
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from framebus.config.edit import Value
from framebus.settings.attached_cameras import attached_cameras, preview
from framebus.settings.camera_edits import check_remote, check_source
from framebus.settings.change import AddCamera, RemoveCamera, SetCamera
from gateway.http.settings.daemon_thread import in_daemon_thread
from gateway.http.settings.settings_handler import SettingsHandler, refusals
from gateway.net.errors import HttpError

_trying = threading.Lock()
"""Held while capture looks for cameras or tries one: one at a time, as each takes a process."""

T = TypeVar("T")


class NewCamera(SettingsHandler):
    """/api/settings/cameras"""

    async def post(self) -> None:
        """Add a camera, such as `{"name": "garden", "source": "auto", "title": "Garden gate"}`."""
        values = self.values("keys of a camera and their values", "name", "source")
        name = values.pop("name")
        checked = await self.in_thread(lambda: check_remote(values))
        await self.change(AddCamera(name, checked), "camera", "add", name, *words(checked))


class ChangedCamera(SettingsHandler):
    """/api/settings/cameras/NAME"""

    async def patch(self, name: str) -> None:
        """Set keys of a camera; null removes one, so that its default holds."""
        values = self.values("keys of a camera and their values")
        checked = await self.in_thread(lambda: check_remote(values))
        await self.change(SetCamera(name, checked), "camera", "set", name, *words(checked))

    async def delete(self, name: str) -> None:
        """Remove a camera from framebus.toml. Its recordings stay."""
        await self.change(RemoveCamera(name), "camera", "remove", name)


class CaptureHandler(SettingsHandler):
    """Starts a process of capture, and waits for what it finds."""

    async def ask_capture(self, function: Callable[[], T]) -> T:
        """Call a function that does so, until the client leaves. Raises HttpError."""
        with refusals():
            return await self.while_connected(in_daemon_thread(lambda: alone(function)))


class AttachedCameras(CaptureHandler):
    """/api/settings/attached"""

    async def get(self) -> None:
        """List the cameras that are attached to this machine, with their sizes, and which of them are in use."""
        found = await self.ask_capture(attached_cameras)
        sources = [(name, feed.status.source) for name, feed in self.cameras.feeds.items() if feed.status.source]
        sources += [(name, str(table.source)) for name, table in self.services.camera_settings.items() if table.is_here]
        for entry in found:
            entry["used_by"] = next((name for name, source in sources if means(source, entry)), None)
        self.finish({"cameras": found})

    head = get


class Preview(CaptureHandler):
    """/api/settings/preview"""

    async def post(self) -> None:
        """Take a picture of a camera that is not configured: `{"source": "rtsp://…"}`. This machine connects."""
        source = self.values("a source", "source")["source"]

        def take() -> dict[str, Any]:
            check_source(source)
            taken = preview(source)
            return {"text": taken.text, "jpeg": base64.b64encode(taken.jpeg).decode()}

        self.finish(await self.ask_capture(take))


def means(source: str, entry: Mapping[str, Any]) -> bool:
    """Whether a source of the configuration, or of a status, is this attached camera."""
    kind, _, target = source.partition(":")
    if source == entry["source"] or (kind == "picamera2" and f"picamera2:{target or 0}" == entry["source"]):
        return True
    if kind != "v4l2" or not entry["path"]:
        return False
    if target.startswith("name="):
        return target.removeprefix("name=").lower() in entry["name"].lower()
    return target.startswith("/") and os.path.realpath(target) == os.path.realpath(entry["path"])


def words(values: Mapping[str, Value | None]) -> list[str]:
    """The values as `framebus camera` takes them."""
    texts = {key: str(value).lower() if isinstance(value, bool) else value for key, value in values.items()}
    return [f"{key}={'' if text is None else text}" for key, text in texts.items()]


def alone(ask_capture: Callable[[], T]) -> T:
    """Call it, in a thread, which goes on after its client has left. Raises HttpError while another one does."""
    if not _trying.acquire(blocking=False):
        raise HttpError(429, "busy", "another camera is being tried; try again in some seconds")
    try:
        return ask_capture()
    finally:
        _trying.release()
