"""Who watches while a fault is made: a viewer of MJPEG, a page on its websocket, and a program on ZeroMQ.

Each runs in a thread, connects again when it is thrown out, and checks that all it gets is whole and newer than before.
"""

import asyncio
import contextlib
import http.client
import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClosedError, websocket_connect

from framebus.client.subscriber import Subscriber
from framebus.config.load import Config
from framebus.protocol.wire import FrameHeader, parse, split
from framebus.publishing.jpeg import Jpeg, JpegError

RETRY_SECONDS = 0.1
GOODBYE_SECONDS = 2.0
SILENT_SECONDS = 30.0
"""A read that takes longer is given up: longer than any fault."""
THROWN_OUT = (OSError, http.client.HTTPException, HTTPClientError, WebSocketClosedError)
"""Raised where the connection ends, or none is to be had: for Tornado, neither is an OSError."""
LENGTH = re.compile(rb"Content-Length: (\d+)\r\nX-Timestamp: ([\d.]+)\r\n\r\n")


class Consumer(ABC):
    """Counts what it gets. Started at once, closed by its maker."""

    name = ""

    def __init__(self, config: Config) -> None:
        self.connections = 0
        self.pictures = 0
        self.newest_captured = 0.0
        """Unix seconds of the newest live picture."""
        self.clock_ahead_seconds = 0
        """How wrong the pipeline's wall clock is."""
        self.mistakes: list[str] = []
        """Everything that was no whole picture, or older than one before."""
        self._config = config
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    @abstractmethod
    def watch(self) -> None:
        """Connect and take pictures until thrown out, or until it has ended."""

    def got(self, jpeg: bytes, captured: float) -> None:
        """A picture came."""
        try:
            Jpeg.parse(jpeg)
        except JpegError as error:
            self.mistakes.append(f"{self.name}: {error}")
        self.pictures += 1
        self.newest_captured = captured - self.clock_ahead_seconds

    def close(self) -> None:
        """Watch no more."""
        self._ended.set()
        self._thread.join(5)

    @property
    def ended(self) -> bool:
        """Whether it shall watch no more."""
        return self._ended.is_set()

    def _run(self) -> None:
        while not self.ended:
            with contextlib.suppress(*THROWN_OUT):
                self.watch()
            self._ended.wait(RETRY_SECONDS)


class MjpegConsumer(Consumer):
    """As VLC or OctoPrint."""

    name = "mjpeg"

    def watch(self) -> None:
        address = self._config.gateway.listen
        connection = http.client.HTTPConnection(address.host, address.port, timeout=SILENT_SECONDS)
        with contextlib.closing(connection), contextlib.ExitStack() as waiting:
            connection.request("GET", "/stream")
            answer = waiting.enter_context(contextlib.closing(connection.getresponse()))
            if answer.status != 200:
                answer.read()
                return
            self.connections += 1
            while not self.ended:
                head = b""
                while (found := LENGTH.search(head)) is None:
                    line = answer.readline()
                    if not line:
                        return
                    head += line
                jpeg = answer.read(int(found[1]))
                if len(jpeg) < int(found[1]):
                    return  # thrown out in the middle of a part, which its length tells
                self.got(jpeg, float(found[2]))


class PageConsumer(Consumer):
    """As the page: acknowledges each picture, and hears of the camera's state."""

    name = "page"
    state = ""

    def watch(self) -> None:
        asyncio.run(self._watch())

    async def _watch(self) -> None:
        url = f"ws://{self._config.gateway.listen}/ws"
        socket = await websocket_connect(url, subprotocols=["framebus.v1"], connect_timeout=5)
        self.connections += 1
        try:
            await socket.write_message(json.dumps({"watch": [self._config.first_camera]}))
            while not self.ended:
                message = await asyncio.wait_for(socket.read_message(), SILENT_SECONDS)
                if message is None:
                    return
                if isinstance(message, bytes):
                    await self._take(message, socket.write_message)
        except TimeoutError:
            return
        finally:
            socket.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_SECONDS):
                    while await socket.read_message() is not None:
                        pass

    async def _take(self, message: bytes, reply: Callable[[str], "asyncio.Future[None]"]) -> None:
        parts = split(message)
        if parts.kind == "status":
            self.state = json.loads(parts.header)["state"]
            return
        _, header = parse(message, FrameHeader)
        self.got(parts.body, header.captured)
        await reply(json.dumps({"ack": header.camera, "seq": header.seq}))


class ProgramConsumer(Consumer):
    """As a program of a user's."""

    name = "zeromq"
    missed = 0

    def watch(self) -> None:
        with Subscriber(self._config.first_camera, config=self._config.path) as subscriber:
            self.connections += 1
            while not self.ended:
                with contextlib.suppress(TimeoutError):
                    frame = subscriber.receive(0.5)
                    self.missed += frame.missed
                    self.got(frame.jpeg, frame.captured)


def wait_for_pictures(consumers: list[Consumer], captured_after: float, seconds: float) -> float:
    """Wait until each has a live picture taken after that moment; returns the seconds that it took from then.

    Fails with who has none.
    """
    deadline = time.time() + seconds
    while waiting := [consumer.name for consumer in consumers if consumer.newest_captured <= captured_after]:
        assert time.time() < deadline, f"no picture within {seconds:g} s of the end of the fault: {', '.join(waiting)}"
        time.sleep(0.01)
    return time.time() - captured_after
