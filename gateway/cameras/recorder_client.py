"""Ask the recorder for HTTP: what it does for a camera, and to start, stop and keep recordings."""

import zmq

from framebus.client.recorder import parse_reply
from framebus.protocol.recorder import RecorderError, RecorderHeader, RecorderRequest, encode
from framebus.protocol.wire import WireError
from gateway.cameras.service_client import ServiceClient
from gateway.net.errors import HttpError

DEADLINE_SECONDS = 2.0
"""The recorder answers at once, or does not run."""
STATUSES = {"unknown-camera": 404, "off": 409, "busy": 503}
"""HTTP status for a code of the recorder; 400 for every other."""


class RecorderClient:
    """Made inside the running loop; closed by its owner."""

    def __init__(self, endpoint: str, context: "zmq.Context[zmq.Socket[bytes]]") -> None:
        """Connect to the recorder, which need not run."""
        self._service = ServiceClient("the recorder", endpoint, context, commands=True)

    async def request(self, request: RecorderRequest, deadline_seconds: float = DEADLINE_SECONDS) -> RecorderHeader:
        """Send a request; returns the state of the camera afterwards.

        Raises:
            HttpError: with the recorder's reason, or 504 when it does not answer in time.
        """
        reply = await self._service.request(encode(request), deadline_seconds)
        try:
            return parse_reply(reply)
        except RecorderError as error:
            raise HttpError(STATUSES.get(error.code, 400), error.code, str(error)) from None
        except WireError as error:
            raise HttpError(503, "bad-reply", f"the recorder sent a malformed reply: {error}") from None

    def close(self) -> None:
        """Close the socket. Requests under way get no reply."""
        self._service.close()
