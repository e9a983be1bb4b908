"""Publishes the frames of a recording as a camera, at the moments at which they were published then."""

import time
from collections.abc import Callable, Iterable

import msgspec

from framebus.client.options import check_camera
from framebus.client.publisher import Publisher
from framebus.config.camera import CameraConfig
from framebus.config.load import Config
from framebus.protocol.wire import FrameHeader
from framebus.publishing.picture import Picture

MAX_GAP_SECONDS = 3600.0
"""A longer one, or one backwards, is where the camera's machine was started again."""
MAX_GAP_FRAMES = 1_000_000
"""More missing frames than that, nine hours at 30 fps, are no gap but a damaged file."""


class Replayer(Publisher):
    """A publisher in place of a camera's own process, which must not run."""

    def __init__(self, config: Config, camera: str) -> None:
        """Take the camera's endpoint; its configuration may have any source, or no such camera.

        Raises ArgumentError, and PublisherError where the camera's own process runs.
        """
        if camera not in config.cameras:
            check_camera(camera)
            cameras = {**config.cameras, camera: CameraConfig()}
            config = msgspec.structs.replace(config, cameras=cameras)
        self._open(config, camera, "replay")
        self._recorded: FrameHeader | None = None

    def replay(self, header: FrameHeader, jpeg: bytes, captured: float, monotonic: float) -> int:
        """Publish a frame of a recording as taken at this moment; returns its number.

        The numbers have the gaps of the recording, up to MAX_GAP_FRAMES.
        """
        last, self._recorded = self._recorded, header
        if last is not None and last.epoch == header.epoch and 0 < header.seq - last.seq <= MAX_GAP_FRAMES:
            self._seq += header.seq - last.seq - 1
        self._thread.source, self._thread.dropped = header.source, header.dropped
        metadata = header.camera_metadata
        said = {} if isinstance(metadata, msgspec.UnsetType) else metadata
        return self._publish(Picture(jpeg, captured, monotonic, said))


def replay(
    frames: Iterable[tuple[FrameHeader, bytes]],
    replayer: Replayer,
    *,
    speed: float = 1.0,
    keep_time: bool = False,
    step: Callable[[int], bool] | None = None,
    on_frame: Callable[[int], None] = lambda number: None,
) -> int:
    """Publish frames; returns how many.

    Args:
        frames: of a recording.
        replayer: who publishes them.
        speed: how many times faster than they were published.
        keep_time: `captured` stays as it was recorded; otherwise it is shifted to now.
        step: called with the number of the next frame, instead of waiting for its moment; False ends it.
        on_frame: called with the count after each frame.
    """
    count = 0
    due = time.monotonic()
    last: FrameHeader | None = None
    for header, jpeg in frames:
        if step is not None:
            if not step(count + 1):
                break
            due = time.monotonic()
        elif last is not None:
            gap = header.published - last.published
            due += gap / speed if 0 <= gap <= MAX_GAP_SECONDS else 0.0
            _sleep_until(due)
        last = header
        delay = header.published - header.monotonic
        delay = delay if 0 <= delay <= MAX_GAP_SECONDS else 0.0
        now = time.monotonic()
        captured = header.captured if keep_time else time.time() - delay
        replayer.replay(header, jpeg, captured, now - delay)
        count += 1
        on_frame(count)
    return count


def _sleep_until(moment: float) -> None:
    while (left := moment - time.monotonic()) > 0:
        time.sleep(min(left, 1.0))
