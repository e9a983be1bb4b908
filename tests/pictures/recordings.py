"""Recordings of a drawn camera: the last hour, with pauses and events. Somebody walks through the picture meanwhile."""

import io
import time
from pathlib import Path

import msgspec
from PIL import Image, ImageDraw

from framebus.protocol.wire import FrameHeader
from framebus.recordings.event_file import EVENTS_NAME, StoredEvent, event_line
from framebus.recordings.matroska import SegmentStart
from framebus.recordings.segment_name import SegmentName
from framebus.recordings.segment_writer import SegmentWriter
from tests.pictures.scenes import JPEG_QUALITY, picture

PARTS = ((56.0, 41.0), (36.0, 21.0), (17.0, 1.0))
"""Minutes ago, from and to."""
EVENTS = ((50.0, 40.0, 0.6), (44.0, 25.0, 0.9), (31.0, 70.0, 0.75), (27.0, 20.0, 0.5), (12.0, 55.0, 0.95))
"""Minutes ago, seconds long, and how strong."""
STEP_MS = 2000
CLUSTER_FRAMES = 5
STEPS = 12
"""Pictures of somebody who walks."""


def store(folder: Path, camera: str) -> None:
    """Write the recordings."""
    now = time.time()
    pictures = [walking(camera, step / STEPS) for step in range(STEPS)]
    for begin, end in PARTS:
        _segment(folder, camera, now - 60 * begin, 60 * (begin - end), pictures)
    for number, (minutes, seconds, score) in enumerate(EVENTS):
        start = round(now - 60 * minutes, 3)
        day = folder / camera / SegmentName(start).path.parent
        day.mkdir(parents=True, exist_ok=True)
        end = start + seconds
        event = StoredEvent(
            id=f"e{number}", type="motion", start=start, end=end, score=score, box=(0.2, 0.4, 0.6, 0.9), seen=end
        )
        with (day / EVENTS_NAME).open("ab") as file:
            file.write(event_line(event))


def walking(camera: str, share: float) -> bytes:
    """A picture of the camera with somebody at a share of the way through it."""
    image = Image.open(io.BytesIO(picture(camera, 0)))
    width, height = image.size
    x, y, tall = width * (0.12 + 0.74 * share), height * 0.9, height * 0.3
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((x - tall * 0.13, y - tall * 0.8, x + tall * 0.13, y - tall * 0.35), 12, (178, 62, 54))
    for side in (-1, 1):
        foot = x + side * tall * 0.14
        pen.line((x, y - tall * 0.4, foot, y), (44, 52, 70), round(tall * 0.1))
    pen.ellipse((x - tall * 0.1, y - tall, x + tall * 0.1, y - tall * 0.8), (226, 186, 156))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()


def _segment(folder: Path, camera: str, started: float, seconds: float, pictures: list[bytes]) -> None:
    start = SegmentStart(
        camera=camera,
        started=started,
        monotonic=100.0,
        boot="pictures",
        reason="always",
        width=1280,
        height=720,
        uid=bytes(16),
        app="framebus",
    )
    writer = SegmentWriter(start)
    parts, frames = [writer.beginning()], []
    times = range(0, int(seconds * 1000), STEP_MS)
    for number, ms in enumerate(times):
        header = FrameHeader(
            v=1,
            camera=camera,
            seq=number + 1,
            epoch="pictures",
            captured=round(started + ms / 1000, 6),
            monotonic=100.0 + ms / 1000,
            published=100.0 + ms / 1000,
            width=1280,
            height=720,
            source="program",
            dropped=0,
        )
        frames.append((ms, msgspec.json.encode(header), pictures[number % len(pictures)]))
        if len(frames) == CLUSTER_FRAMES or number == len(times) - 1:
            parts.append(writer.cluster(frames))
            frames = []
    path = folder / camera / SegmentName(int(started * 1000) / 1000, times[-1] / 1000).path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join([*parts, writer.end()]))
