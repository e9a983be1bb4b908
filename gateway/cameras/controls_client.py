"""Get and set a camera's controls for HTTP, by requests to its capture."""

import zmq

from framebus.client.controls import encode, parse_reply
from framebus.protocol.controls import Control, ControlError, ControlsRequest
from framebus.protocol.wire import WireError
from framebus.transport.endpoints import Endpoint
from gateway.cameras.service_client import ServiceClient
from gateway.net.errors import HttpError

DEADLINE_SECONDS = 5.0
"""Long enough to open a camera that is closed."""
NOT_CONNECTED = "not-connected"
STATUSES = {"unknown-control": 404, "offline": 503, "busy": 503, "inactive": 409}
"""HTTP status for a code of the camera; 400 for every other."""


class ControlsClient:
    """Made inside the running loop; closed by its owner."""

    def __init__(
        self,
        camera: str,
        endpoint: Endpoint | None,
        context: "zmq.Context[zmq.Socket[bytes]]",
        no_controls: str = "",
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        """Connect to a camera's process, which need not run yet.

        Args:
            camera: its name.
            endpoint: of its controls; None where it has none.
            context: for the socket.
            no_controls: why it has none.
            deadline_seconds: how long a request may take.
        """
        self.deadline_seconds = deadline_seconds
        self._no_controls = no_controls
        self._capture = (
            None
            if endpoint is None
            else ServiceClient(f"the process of camera {camera}", endpoint, context, commands=True)
        )

    async def request(self, request: ControlsRequest) -> list[Control]:
        """Reset and set controls, and return all of them.

        Raises:
            HttpError: with the camera's reason, or 504 when it does not answer in time.
        """
        if self._capture is None:
            raise HttpError(503, NOT_CONNECTED, self._no_controls)
        reply = await self._capture.request(encode(request), self.deadline_seconds)
        try:
            return parse_reply(reply)
        except ControlError as error:
            raise HttpError(STATUSES.get(error.code, 400), error.code, str(error)) from None
        except WireError as error:
            raise HttpError(503, "bad-reply", f"the camera's process sent a malformed reply: {error}") from None

    def close(self) -> None:
        """Close the socket. Requests under way get no reply."""
        if self._capture is not None:
            self._capture.close()
