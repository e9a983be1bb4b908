"""/api/cameras/NAME/recordings/keep: marks recordings, so that they are never deleted to make room, or unmarks them."""

import msgspec

from framebus.protocol.controls import shown
from framebus.protocol.recorder import Action, RecorderRequest
from gateway.http.camera_handler import CameraHandler
from gateway.http.json_body import json_object
from gateway.http.recordings_query import body_period
from gateway.net.errors import HttpError


class Keep(CameraHandler):
    """The recordings of a time."""

    async def post(self, name: str) -> None:
        """Mark what the body says, such as `{"from": 1767225600, "to": 1767225660, "keep": true}`."""
        camera = self.feed(name).camera
        values = json_object(self.request, "a time to keep")
        period = body_period(values)
        keep = values.get("keep", True)
        if not isinstance(keep, bool):
            raise HttpError(400, "bad-request", f"keep: found {shown(keep, 40)}; allowed: true or false")
        action: Action = "keep" if keep else "release"
        request = RecorderRequest(camera=camera, action=action, begin=period.begin, end=period.end)
        state = await self.services.recorder.request(request)
        self.set_header("Cache-Control", "no-store")
        self.finish(msgspec.to_builtins(state))
