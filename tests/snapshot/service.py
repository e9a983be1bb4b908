"""What the tests of still_service share."""

import json
from typing import Any

from framebus.config.load import Config, parse
from framebus.protocol.wire import (
    ErrorHeader,
    FrameHeader,
    Kind,
    State,
    pack,
)
from framebus.protocol.wire import parse as parse_message
from snapshot.clips import PAGE_BYTES
from snapshot.conversion_jobs import MAX_CONVERSIONS
from snapshot.still_service import StillService
from tests.clock import Clock
from tests.headers import status_header

NOW = 5000.0


class Service:
    """The service, and its replies."""

    def __init__(
        self, config: Config, clock: Clock, max_conversions: int = MAX_CONVERSIONS, page_bytes: int = PAGE_BYTES
    ) -> None:
        self.service = StillService(config.cameras, config.snapshot, clock, max_conversions, page_bytes)
        self._asked = 0

    def put(self, camera: str, message: bytes) -> None:
        self.service.on_frame(camera, message)

    def publish_status(
        self, state: State = "live", reason: str = "", since: float = 0.0, camera: str = "front"
    ) -> None:
        """The status comes from the camera's capture."""
        self.service.on_status(
            camera, pack("status", camera, status_header(state, reason, camera, since=since, fps=10.0))
        )

    def request(self, **parameters: Any) -> bytes:
        """Ask, and return who has asked: the envelope of the reply."""
        self._asked += 1
        name = b"%d" % self._asked
        self.service.handle_request([name], json.dumps({"camera": "front", **parameters}).encode())
        return name

    def replies(self) -> dict[bytes, bytes]:
        """The replies since the last call, by who has asked."""
        return {envelope[0]: reply for envelope, reply in self.service.replies()}

    def replies_to(self, **parameters: Any) -> bytes:
        """The reply to what is asked, where that comes at once."""
        requester = self.request(**parameters)
        return self.replies()[requester]

    def check_reply(self, **parameters: Any) -> None:
        """A request may be refused, but not because the service failed."""
        requester = self.request(**parameters)
        self.service.tick()
        reply = self.replies().get(requester)
        if reply is not None and reply.startswith(b"error/"):
            assert parse_message(reply, ErrorHeader)[1].code != "internal"

    def answer(self, request: bytes) -> bytes:
        """The reply to a request that is answered at once."""
        self.service.handle_request([b"now"], request)
        return self.replies()[b"now"]


def configured(**cameras: dict[str, Any]) -> Config:
    """A configuration with these cameras, and stills that are stale after 10 s beyond the idle period."""
    return parse({"camera": cameras or {"front": {}}, "snapshot": {"stale_after": 10}}, None)


def peek(
    seq: int = 1,
    camera: str = "front",
    *,
    kind: Kind = "peek",
    epoch: str = "e1",
    age: float = 0.0,
    captured: float = 1.0,
    body: bytes = b"\xff\xd8J\xff\xd9",
) -> bytes:
    """A frame as a capture publishes it."""
    header = FrameHeader(
        v=1,
        camera=camera,
        seq=seq,
        epoch=epoch,
        captured=captured,
        monotonic=NOW - age,
        published=NOW,
        width=2,
        height=2,
        source="test",
        dropped=0,
    )
    return pack(kind, camera, header, body)


def refusal(reply: bytes, camera: str = "") -> tuple[str, str]:
    """The code and the sentence of an error/ reply for a camera."""
    message, header = parse_message(reply, ErrorHeader)
    assert (message.kind, message.camera, message.body) == ("error", camera, b"")
    return header.code, header.message


def full(seq: int, clock: Clock, after: float = 0.0) -> bytes:
    """A frame of full size captured so many seconds from now."""
    return peek(seq, kind="full", age=NOW - clock.seconds - after)
