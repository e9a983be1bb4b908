"""/api/cameras/NAME/recorder and /api/cameras/NAME/record: what is recorded, and requests for it."""

import msgspec

from framebus.protocol.recorder import RecorderError, RecorderHeader, RecorderRequest, parse_request
from gateway.http.camera_handler import CameraHandler
from gateway.http.json_body import json_object
from gateway.net.errors import HttpError


class RecorderState(CameraHandler):
    """/api/cameras/NAME/recorder: the state of the camera's recording."""

    async def get(self, name: str) -> None:
        """Tell it; of a camera that is not recorded without asking the recorder, which may not run."""
        camera = self.feed(name).camera
        if not self.services.camera_settings[camera].record_modes:
            self.answer(None, camera)
            return
        self.answer(await self.services.recorder.request(RecorderRequest(camera=camera)), camera)

    def answer(self, state: RecorderHeader | None, camera: str) -> None:
        """Answer with a state; None for one of a camera that is not recorded."""
        self.set_header("Cache-Control", "no-store")
        self.finish({"camera": camera, "state": "off"} if state is None else msgspec.to_builtins(state))

    head = get


class Record(CameraHandler):
    """/api/cameras/NAME/record: start, stop, keep and release."""

    async def post(self, name: str) -> None:
        """Do what the body says, such as `{"action": "start", "seconds": 60}`, and answer with the state afterwards."""
        camera = self.feed(name).camera
        values = {"action": "start", **json_object(self.request, "a request to the recorder")}
        try:
            request = parse_request(msgspec.json.encode({**values, "camera": camera}))
        except RecorderError as error:
            raise HttpError(400, error.code, str(error)) from None
        if not self.services.camera_settings[camera].record_modes:
            raise HttpError(409, "off", f"camera {camera} is not recorded; set record in [camera.{camera}]")
        state = await self.services.recorder.request(request)
        self.set_header("Cache-Control", "no-store")
        self.finish(msgspec.to_builtins(state))
