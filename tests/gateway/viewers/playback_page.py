"""A page's connection, as far as it is about recordings."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from framebus.protocol.wire import RecordedHeader, parse, split
from gateway.http.websocket_handlers import SUBPROTOCOL
from tests.framebus.recordings.segments import STARTED
from tests.gateway.conftest import Site, hang_up

LIMIT_SECONDS = 20


class Page:
    """A page's connection."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.write_message(json.dumps(message))

    async def seek(self, at: float, id: int = 1, **more: Any) -> None:
        await self.say(seek={"camera": "front", "at": at, "id": id, **more})

    async def play(self, begin: float, speed: float, id: int = 1, **more: Any) -> None:
        await self.say(play={"camera": "front", "from": begin, "speed": speed, "id": id, **more})

    async def message(self) -> dict[str, Any] | tuple[RecordedHeader, bytes]:
        """The next text about recordings, or a recorded frame; everything else is ignored."""
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                message = await self.connection.read_message()
                assert message is not None, self.connection.close_reason
                if isinstance(message, str):
                    text: dict[str, Any] = json.loads(message)
                    if text.keys() & {"sought", "played", "error"}:
                        return text
                elif split(message).kind == "recorded":
                    parts, header = parse(message, RecordedHeader)
                    return header, parts.body

    async def text(self) -> dict[str, Any]:
        message = await self.message()
        assert isinstance(message, dict)
        return message

    async def frame(self, *, ack: bool = True) -> tuple[RecordedHeader, bytes]:
        message = await self.message()
        assert isinstance(message, tuple), message
        if ack:
            await self.say(ack="recorded/front", seq=message[0].seq)
        return message

    async def sought(self, at: float, id: int = 1, **more: Any) -> tuple[float, bytes]:
        """Seek, and return the frame: its moment, in seconds since STARTED, and its picture."""
        await self.seek(at, id, **more)
        text = await self.text()
        header, picture = await self.frame()
        assert text == {"sought": {"camera": "front", "id": id, "captured": header.at, "seq": header.seq}}
        assert header.id == id
        return round(header.at - STARTED, 3), picture

    async def film(self) -> list[float | tuple[float, float] | str]:
        """All that comes until the film has ended: moments since STARTED, gaps, and the reason."""
        found: list[float | tuple[float, float] | str] = []
        while True:
            message = await self.message()
            if isinstance(message, tuple):
                await self.say(ack="recorded/front", seq=message[0].seq)
                found.append(round(message[0].at - STARTED, 3))
            elif "gap" in message["played"]:
                begin, end = message["played"]["gap"]
                found.append((round(begin - STARTED, 1), round(end - STARTED, 1)))
            else:
                found.append(message["played"]["reason"])
                return found


@asynccontextmanager
async def page(site: Site, headers: dict[str, str] | None = None) -> AsyncIterator[Page]:
    """A page that is connected."""
    request = HTTPRequest(f"{site.websocket_url}/ws", headers=headers or {})
    connection = await websocket_connect(request, subprotocols=[SUBPROTOCOL])
    try:
        yield Page(connection)
    finally:
        await hang_up(connection)
