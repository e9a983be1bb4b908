"""Viewers of all kinds who come and go while faults are made, so many at a time; each checks what it gets."""

import asyncio
import contextlib
import http.client
import itertools
import random
import threading
import time

from tornado.websocket import websocket_connect

from framebus.client.snapshots import SnapshotError, request_snapshot
from framebus.config.load import Config
from tests.e2e.faults.consumers import SILENT_SECONDS, Consumer, MjpegConsumer, PageConsumer, ProgramConsumer

STILL_EVERY_SECONDS = 1.0
CHANGE_EVERY_SECONDS = 1.5
"""So often one of them leaves, and another comes."""


class SocketConsumer(Consumer):
    """As a program that shows bare JPEGs from /camera/NAME/ws."""

    name = "websocket"

    def watch(self) -> None:
        asyncio.run(self._watch())

    async def _watch(self) -> None:
        url = f"ws://{self._config.gateway.listen}/camera/{self._config.first_camera}/ws"
        socket = await websocket_connect(url, connect_timeout=5)
        self.connections += 1
        try:
            while not self.ended:
                message = await asyncio.wait_for(socket.read_message(), SILENT_SECONDS)
                if not isinstance(message, bytes):
                    return
                self.got(message, time.time())
        except TimeoutError:
            return
        finally:
            socket.close()


class StillConsumer(Consumer):
    """As Home Assistant, which polls a still."""

    name = "still"

    def watch(self) -> None:
        address = self._config.gateway.listen
        connection = http.client.HTTPConnection(address.host, address.port, timeout=SILENT_SECONDS)
        with contextlib.closing(connection):
            while not self.ended:
                connection.request("GET", "/snapshot?width=160")
                answer = connection.getresponse()
                picture = answer.read()
                if answer.status == 200:
                    self.got(picture, time.time())
                self._ended.wait(STILL_EVERY_SECONDS)


class StillProgramConsumer(Consumer):
    """As a script that asks the snapshot service."""

    name = "request_snapshot"

    def watch(self) -> None:
        while not self.ended:
            with contextlib.suppress(TimeoutError, SnapshotError):
                frame = request_snapshot(self._config.first_camera, timeout=2.0, config=self._config.path)
                self.got(frame.jpeg, frame.captured)
            self._ended.wait(STILL_EVERY_SECONDS)


KINDS: tuple[type[Consumer], ...] = (
    MjpegConsumer,
    PageConsumer,
    SocketConsumer,
    StillConsumer,
    MjpegConsumer,
    PageConsumer,
    ProgramConsumer,
    StillProgramConsumer,
)


class Crowd:
    """So many viewers; now and then one leaves, and one of another kind comes. Closed by its maker."""

    def __init__(self, config: Config, size: int) -> None:
        self.mistakes: list[str] = []
        """What those who left had to complain of."""
        self.visits = 0
        self.pictures = 0
        self._config = config
        self._chance = random.Random(size)
        self._kinds = itertools.cycle(KINDS)
        self._members = [self._another() for _ in range(size)]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crowd", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """All leave."""
        self._ended.set()
        self._thread.join()
        for member in self._members:
            self._dismiss(member)

    def _run(self) -> None:
        while not self._ended.wait(CHANGE_EVERY_SECONDS):
            leaving = self._members.pop(self._chance.randrange(len(self._members)))
            self._dismiss(leaving)
            self._members.append(self._another())

    def _another(self) -> Consumer:
        self.visits += 1
        return next(self._kinds)(self._config)

    def _dismiss(self, member: Consumer) -> None:
        member.close()
        self.pictures += member.pictures
        self.mistakes += member.mistakes
