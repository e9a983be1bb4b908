"""Recordings over the page's websocket: how soon any moment of 14 days of 4 cameras is there, and how a film runs."""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import msgspec
from PIL import Image
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, WebSocketProtocol13, websocket_connect

from benchmarks.many_days import CAMERAS, DAYS, MINUTE, QUICK_DAYS, make_recordings, minutes
from benchmarks.processes import BenchError, Process, cpu_seconds, free_port, pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table
from framebus.protocol.wire import FrameHeader, RecordedHeader, parse, split
from framebus.recordings.matroska import SegmentStart
from framebus.recordings.segment_name import SECONDS_A_DAY
from framebus.recordings.segment_writer import SegmentWriter
from framebus.runtime.save_jpeg import save_jpeg

TITLE = "Recordings: seeking and playing over the websocket"
FPS = 10
SECONDS = MINUTE
SIZE = (1280, 720)
QUALITY = 80
PICTURES = 10
"""That are different; a segment repeats them."""
SEEKS = 300
STEPS = 100
FILM_SECONDS = 10.0
SPEEDS = (1.0, 8.0, 64.0, -8.0)
MAX_MESSAGE_BYTES = 32 * 1024 * 1024
LIMIT_SECONDS = 60.0
SEED = 17


def run(session: Session) -> None:
    """Measure all."""
    days = QUICK_DAYS if session.quick else DAYS
    folder = session.new_folder()
    moments = minutes(days)
    (folder / "segment.mkv").write_bytes(segment())
    make_recordings(folder / "recordings", folder / "segment.mkv", SECONDS, moments)
    session.progress(f"{days} days of {len(CAMERAS)} cameras are made")
    with gateway(folder) as (process, port):
        asyncio.run(Measurement(session, process, port, moments).run())
    print(report(session))


def segment() -> bytes:
    """A minute of pictures with noise."""
    noise = [Image.effect_noise((SIZE[0] // 2, SIZE[1] // 2), 40 + number).resize(SIZE) for number in range(PICTURES)]
    pictures = [save_jpeg(image.convert("RGB"), quality=QUALITY) for image in noise]
    start = SegmentStart(
        camera="front",
        started=1e9,
        monotonic=100.0,
        boot="bench",
        reason="always",
        width=SIZE[0],
        height=SIZE[1],
        uid=bytes(16),
        app="framebus bench",
    )
    writer = SegmentWriter(start)
    parts = [writer.beginning()]
    for second in range(SECONDS):
        frames = []
        for place in range(FPS):
            at = second + place / FPS
            header = FrameHeader(
                v=1,
                camera="front",
                seq=second * FPS + place + 1,
                epoch="bench",
                captured=1e9 + at,
                monotonic=100.0 + at,
                published=100.0 + at,
                width=SIZE[0],
                height=SIZE[1],
                source="bench",
                dropped=0,
            )
            frames.append((round(at * 1000), msgspec.json.encode(header), pictures[place % PICTURES]))
        parts.append(writer.cluster(frames))
    return b"".join([*parts, writer.end()])


@contextmanager
def gateway(folder: Path, record: str = "off") -> Iterator[tuple[Process, int]]:
    """Run a gateway with these recordings, and write the configuration for it; `record` is that of each camera."""
    port = free_port("127.0.0.1")
    config = folder / "framebus.toml"
    tables = "".join(f'[camera.{camera}]\nsource = "program"\nrecord = "{record}"\n' for camera in CAMERAS)
    config.write_text(
        f'run_dir = "{folder}/run"\n{tables}[gateway]\nlisten = "127.0.0.1:{port}"\n'
        f'[recorder]\nfolder = "{folder}/recordings"\nkeep_days = 365\nkeep_gb = 1000000\nleave_free_gb = 0\n'
    )
    with Process([sys.executable, "-m", "gateway", "--config", str(config)], folder / "gateway.log") as process:
        process.wait_until(lambda: b"listening on" in (folder / "gateway.log").read_bytes(), "the start of the gateway")
        yield process, port


class Measurement:
    """One page that looks at recordings."""

    def __init__(self, session: Session, process: Process, port: int, moments: range) -> None:
        self.session = session
        self.process = process
        self.http = f"http://127.0.0.1:{port}"
        self.url = f"ws://127.0.0.1:{port}/ws"
        self.begin, self.end = moments.start, moments.stop
        self.chance = random.Random(SEED)
        self.connection: WebSocketClientConnection

    async def run(self) -> None:
        """Measure all."""
        self.connection = await websocket_connect(
            self.url, subprotocols=["framebus.v1"], max_message_size=MAX_MESSAGE_BYTES
        )
        assert isinstance(self.connection.protocol, WebSocketProtocol13)
        self.connection.protocol.set_nodelay(True)  # as browsers do; an acknowledgement would hold up what follows it
        add, days = self.session.results.add, (self.end - self.begin) // SECONDS_A_DAY
        first = [(await self.seek(camera, self.any_moment()))[0] for camera in CAMERAS]
        add("recorded-seek/first", max(first), "ms")
        began = time.perf_counter()
        for camera in CAMERAS:  # as the page does for its time line
            await AsyncHTTPClient().fetch(f"{self.http}/api/cameras/{camera}/recordings", request_timeout=LIMIT_SECONDS)
        add("recorded-seek/list", (time.perf_counter() - began) * 1000 / len(CAMERAS), "ms")
        used = cpu_seconds(self.process.pid)
        times = [(await self.seek(self.chance.choice(CAMERAS), self.any_moment()))[0] for _ in range(SEEKS)]
        add("recorded-seek/cpu", 1000 * (cpu_seconds(self.process.pid) - used) / SEEKS, "ms")
        add_times(self.session, "recorded-seek/any", times)
        self.session.progress(f"a moment of {days} days: {median(times):.1f} ms")
        steps = []
        for step in (1, -1):
            at = self.any_moment()
            for _ in range(STEPS):
                took, at = await self.seek("front", at, step=step)
                steps.append(took)
        add_times(self.session, "recorded-seek/step", steps)
        for speed in SPEEDS:
            await self.film(speed)
        add("recorded-seek/memory", pss_bytes(self.process.pid) / 1e6, "MB")
        add("recorded-seek/segments", len(CAMERAS) * (self.end - self.begin) // SECONDS, "")
        self.connection.close()

    def any_moment(self) -> float:
        """A moment of which there is a recording."""
        return self.begin + self.chance.random() * (self.end - self.begin - 1)

    async def seek(self, camera: str, at: float, **more: Any) -> tuple[float, float]:
        """Seek; returns how many ms it took until the frame was there, and its moment."""
        began = time.perf_counter()
        await self.say(seek={"camera": camera, "at": at, "id": 1, **more})
        header = await self.frame()
        took = (time.perf_counter() - began) * 1000
        if abs(header.at - at) > 2 / FPS:
            raise BenchError(f"found the frame of {header.at} for {at}")
        return took, header.at

    async def film(self, speed: float) -> None:
        """Play for a while, and count frames and the processor's time."""
        begin = (self.begin + self.end) / 2
        used = cpu_seconds(self.process.pid)
        await self.say(play={"camera": "front", "from": begin, "speed": speed, "id": 2})
        seconds = self.session.seconds(FILM_SECONDS)
        header, frames = await self.frame(), 1
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            header, frames = await self.frame(), frames + 1
        played = (header.at - begin) / speed
        key = f"recorded-seek/film {speed:g}"
        self.session.results.add(f"{key}/frames", frames / seconds, "a second")
        self.session.results.add(f"{key}/late", max(0.0, time.monotonic() - began - played) * 1000, "ms")
        self.session.results.add(f"{key}/cpu", 100 * (cpu_seconds(self.process.pid) - used) / seconds, "% of a core")
        self.session.progress(f"a film at {speed:g}: {frames / seconds:.1f} frames a second")
        await self.say(play={"camera": "front", "speed": 0, "id": 3})
        while await self.text("played") != 3:
            pass

    async def say(self, **message: Any) -> None:
        """Send a text."""
        await self.connection.write_message(json.dumps(message))

    async def text(self, kind: str) -> int:
        """The id of the next text of a kind."""
        while True:
            message = await self.message()
            if isinstance(message, str):
                found = json.loads(message)
                if kind in found:
                    return int(found[kind]["id"])
            else:
                await self.acknowledge(message)

    async def frame(self) -> RecordedHeader:
        """The next recorded frame, acknowledged."""
        while True:
            message = await self.message()
            header = None if isinstance(message, str) else await self.acknowledge(message)
            if header is not None:
                return header

    async def acknowledge(self, message: bytes) -> RecordedHeader | None:
        """Acknowledge a recorded frame, and return its header; None for another message."""
        if split(message).kind != "recorded":
            return None
        _, header = parse(message, RecordedHeader)
        await self.say(ack=f"recorded/{header.camera}", seq=header.seq)
        return header

    async def message(self) -> str | bytes:
        """The next one of any kind. Raises BenchError."""
        async with asyncio.timeout(LIMIT_SECONDS):
            message = await self.connection.read_message()
        if message is None:
            raise BenchError("the gateway closed the websocket")
        return message


def add_times(session: Session, key: str, times: list[float]) -> None:
    """Add the median of times in ms, and what one of a hundred takes at most."""
    session.results.add(f"{key}/p50", median(times), "ms")
    session.results.add(f"{key}/p99", quantiles(times, n=100, method="inclusive")[98], "ms")


def report(session: Session) -> str:
    """Return the table."""
    value = session.results.value
    rows = [
        ["segments", number(value("recorded-seek/segments"), 0)],
        ["the first moment of a camera, slowest of all (ms)", number(value("recorded-seek/first"), 0)],
        ["the list of all recordings of a camera (ms)", number(value("recorded-seek/list"), 0)],
        ["any moment, p50 (ms)", number(value("recorded-seek/any/p50"), 1)],
        ["any moment, p99 (ms)", number(value("recorded-seek/any/p99"), 1)],
        ["any moment, CPU of the gateway (ms)", number(value("recorded-seek/cpu"), 1)],
        ["the next or previous frame, p50 (ms)", number(value("recorded-seek/step/p50"), 1)],
        ["the next or previous frame, p99 (ms)", number(value("recorded-seek/step/p99"), 1)],
        ["memory of the gateway (MB)", number(value("recorded-seek/memory"), 1)],
    ]
    for speed in SPEEDS:
        key = f"recorded-seek/film {speed:g}"
        rows += [
            [f"a film at {speed:g} times the speed: frames a second", number(value(f"{key}/frames"), 1)],
            [f"a film at {speed:g} times the speed: late at its end (ms)", number(value(f"{key}/late"), 0)],
            [f"a film at {speed:g} times the speed: CPU (% of a core)", number(value(f"{key}/cpu"), 1)],
        ]
    return table(["", ""], rows)
