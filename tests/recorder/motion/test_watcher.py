"""What one camera's watcher does with frames that are damaged, or whose size changes."""

import io
import logging
from collections.abc import Callable

import pytest
from PIL import Image

from framebus.config.camera import CameraConfig
from framebus.protocol.events import EventHeader
from framebus.protocol.wire import pack
from framebus.runtime.host_clock import host_monotonic
from framebus.runtime.rate_limited_log import RateLimitedLog
from recorder.motion.watcher import Watcher
from tests.framebus.publisher import frame_header
from tests.recorder.motion.walker import HEIGHT, WIDTH, jpeg

QUIET = 90
WALK = 25
FPS = 5


def headed(data: bytes, seq: int, at: float) -> bytes:
    """A frame whose header has the size of the walker's pictures."""
    header = frame_header(seq, monotonic=at, published=at, width=WIDTH, height=HEIGHT)
    return pack("peek", "front", header, data)


def watched(change: Callable[[int, bytes], bytes], losses: RateLimitedLog) -> list[tuple[int, EventHeader]]:
    """The events of a walk, with the number of the frame that published each; `change` makes each frame's bytes."""
    watcher = Watcher("front", CameraConfig(motion=True), True, "run", losses)
    begun = host_monotonic() - (QUIET + WALK) / FPS
    found = []
    for number in range(QUIET + WALK):
        data = jpeg(None if number < QUIET else 0.1 + (number - QUIET) / 40)
        at = begun + number / FPS
        event = watcher.take(headed(change(number, data), number + 1, at), at)
        if event is not None:
            found.append((number, event))
    return found


@pytest.mark.medium
def test_a_damaged_frame_is_counted_and_delays_the_event_by_one(caplog: pytest.LogCaptureFixture) -> None:
    losses = RateLimitedLog(logging.getLogger("motion"))

    def damaged(number: int, data: bytes) -> bytes:
        return data[:2] + bytes(len(data) - 4) + data[-2:] if number == QUIET + 1 else data

    found = watched(damaged, losses)
    losses.flush()

    assert [found[0][0], found[0][1].seq] == [QUIET + 3, QUIET + 1]
    assert "frames that cannot be decoded" in caplog.text


@pytest.mark.medium
def test_where_jpegs_change_their_size_and_headers_do_not_somebody_is_found() -> None:
    """The size changes for good while nothing moves, and the header does not tell."""
    losses = RateLimitedLog(logging.getLogger("motion"))

    def smaller(number: int, data: bytes) -> bytes:
        if number < 10:
            return data
        with io.BytesIO(data) as file, io.BytesIO() as written:
            Image.open(file).resize((WIDTH // 2, HEIGHT // 2)).save(written, "JPEG", quality=85)
            return written.getvalue()

    found = watched(smaller, losses)

    assert [event.phase for _, event in found][:1] == ["start"]
    assert found[0][0] >= QUIET
