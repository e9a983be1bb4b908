"""A camera's controls for HTTP, from its capture."""

import zmq

from framebus.control_requests import encode, parse_reply
from framebus.controls import Control, ControlError, ControlsRequest
from framebus.wire import WireError
from gateway.asking import Asking
from gateway.errors import Refusal

DEADLINE_SECONDS = 5.0
"""A camera that is closed is opened for it."""
STATUSES = {"unknown-control": 404, "offline": 503, "busy": 503, "inactive": 409}
"""What HTTP says; everything else is a fault of the request."""


class CameraControls:
    """Made inside the running loop; closed by its maker."""

    def __init__(self, camera: str, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        """The camera's process need not run yet."""
        self._capture = Asking(f"the process of camera {camera}", endpoint, context)

    async def request(self, request: ControlsRequest) -> list[Control]:
        """The controls, after what the request resets and sets.

        Raises Refusal with the camera's reason, or 504 when it does not answer in time.
        """
        reply = await self._capture.ask(encode(request), DEADLINE_SECONDS)
        try:
            return parse_reply(reply)
        except ControlError as error:
            raise Refusal(STATUSES.get(error.code, 400), error.code, str(error)) from None
        except WireError as error:
            raise Refusal(503, "bad-reply", f"the camera's process answered nonsense: {error}") from None

    def close(self) -> None:
        """Whoever still waits gets no answer."""
        self._capture.close()
