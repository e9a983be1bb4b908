"""/api/settings/cameras, /api/settings/attached and /api/settings/preview."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

from framebus.config.edit import Value
from framebus.settings.attached_cameras import attached_cameras, preview
from framebus.settings.camera_edits import check_remote, check_source, with_camera, with_changed_camera, without_camera
from gateway.http.settings.settings_handler import SettingsHandler
from gateway.net.errors import HttpError

_trying = asyncio.Lock()
"""Held while capture looks for cameras or tries one: one at a time, as each takes a process."""


class NewCamera(SettingsHandler):
    """/api/settings/cameras"""

    async def post(self) -> None:
        """Add a camera, such as `{"name": "garden", "source": "auto", "title": "Garden gate"}`."""
        values = self.values("keys of a camera and their values", "name", "source")
        name = values.pop("name")
        checked = await self.in_thread(lambda: check_remote(values))
        await self.change(lambda text: with_camera(text, name, checked), "camera", "add", name, *words(checked))


class ChangedCamera(SettingsHandler):
    """/api/settings/cameras/NAME"""

    async def patch(self, name: str) -> None:
        """Set keys of a camera; null removes one, so that its default holds."""
        checked = await self.in_thread(lambda: check_remote(self.values("keys of a camera and their values")))
        command = ("camera", "set", name, *words(checked))
        await self.change(lambda text: with_changed_camera(text, name, checked), *command)

    async def delete(self, name: str) -> None:
        """Remove a camera from framebus.toml. Its recordings stay."""
        await self.change(lambda text: without_camera(text, name), "camera", "remove", name)


class AttachedCameras(SettingsHandler):
    """/api/settings/attached"""

    async def get(self) -> None:
        """List the cameras that are attached to this machine, with their sizes, and which of them are in use."""
        async with not_busy():
            found = await self.while_connected(self.in_thread(attached_cameras))
        users = {feed.status.source: name for name, feed in self.cameras.feeds.items() if feed.status.source}
        users |= {str(table.source): name for name, table in self.services.camera_settings.items() if table.has_capture}
        for entry in found:
            names = (entry["source"], f"v4l2:{entry['path']}")
            entry["used_by"] = next((users[name] for name in names if name in users), None)
        self.finish({"cameras": found})

    head = get


class Preview(SettingsHandler):
    """/api/settings/preview"""

    async def post(self) -> None:
        """Take a picture of a camera that is not configured: `{"source": "rtsp://…"}`. This machine connects."""
        source = self.values("a source", "source")["source"]

        def take() -> dict[str, Any]:
            check_source(source)
            taken = preview(source)
            return {"text": taken.text, "jpeg": base64.b64encode(taken.jpeg).decode()}

        async with not_busy():
            self.finish(await self.while_connected(self.in_thread(take)))


def words(values: Mapping[str, Value | None]) -> list[str]:
    """The values as `framebus camera` takes them."""
    texts = {key: str(value).lower() if isinstance(value, bool) else value for key, value in values.items()}
    return [f"{key}={'' if text is None else text}" for key, text in texts.items()]


def not_busy() -> asyncio.Lock:
    """The lock. Raises HttpError while another request has it."""
    if _trying.locked():
        raise HttpError(429, "busy", "another camera is being tried; try again in some seconds")
    return _trying
