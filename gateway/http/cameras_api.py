"""/api/cameras, /api/cameras/NAME/controls, and /state in ustreamer's shape."""

import time
from typing import Any

import msgspec

from framebus import __version__
from framebus.protocol.controls import ControlsRequest
from gateway.http import camera_json
from gateway.http.camera_handler import CameraHandler
from gateway.http.json_body import json_object


class Cameras(CameraHandler):
    """/api/cameras"""

    def get(self) -> None:
        """List the cameras in the order of the configuration."""
        self.set_header("Cache-Control", "no-store")
        viewers_of = self.cameras.workers.viewers_of
        prefix = self.client.prefix
        settings = self.services.camera_settings
        cameras = [
            camera_json.camera(feed, settings[name].title, viewers_of(name), prefix)
            for name, feed in self.visible_cameras()
        ]
        self.finish({"version": __version__, "cameras": cameras, "now": time.time()})

    head = get


class Controls(CameraHandler):
    """/api/cameras/NAME/controls: the settings of a camera."""

    async def get(self, name: str) -> None:
        """List them."""
        await self.answer(name, ControlsRequest())

    async def patch(self, name: str) -> None:
        """Set those that the body names, such as `{"brightness": 0.1}`; if one is refused, none is set."""
        await self.answer(name, ControlsRequest(set=self.values()))

    post = patch

    async def delete(self, name: str) -> None:
        """Reset all, or those that the query names: `?name=brightness&name=contrast`."""
        await self.answer(name, ControlsRequest(reset=self.get_query_arguments("name") or "all"))

    async def answer(self, name: str, request: ControlsRequest) -> None:
        """Answer with the list as it is after the request."""
        controls = await self.cameras.controls[self.feed(name).camera].request(request)
        self.set_header("Cache-Control", "no-store")
        self.finish({"camera": name, "controls": msgspec.to_builtins(controls)})

    def values(self) -> dict[str, Any]:
        """The body. Raises HttpError when it is not a JSON object, or of a type that a form of any page can send."""
        return json_object(self.request, "controls and their values")

    head = get


class UstreamerState(CameraHandler):
    """/state of the first camera."""

    def get(self) -> None:
        """See gateway.http.camera_json."""
        feed = self.feed(None)
        settings = self.services.camera_settings[feed.camera]
        viewers = self.cameras.workers.viewers_of(feed.camera)
        self.finish(camera_json.ustreamer_state(feed, viewers, settings.fps, settings.quality))

    head = get
