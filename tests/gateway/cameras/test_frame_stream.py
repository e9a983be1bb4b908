"""The frames of a camera in one size are subscribed to while somebody watches, and repeated in silence."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
import zmq

from framebus.config.load import Config
from framebus.protocol.frame_view import FrameView
from framebus.protocol.wire import Kind
from framebus.runtime.rate_limited_log import RateLimitedLog
from framebus.transport import endpoints
from gateway.cameras.frame_stream import FrameStream
from gateway.delivery.fan_out import VIEWERS_A_TURN
from gateway.delivery.offline_image import OfflineImages
from gateway.delivery.viewer import STOPPING, Ending, Viewer
from gateway.server import logger
from tests.gateway.camera import PublishedCamera, jpeg, padded
from tests.gateway.conftest import until
from tests.gateway.delivery.test_viewer import ScriptedTransport

Make = Callable[..., FrameStream]


class Onlooker(Viewer):
    """Notes which frames it was woken for."""

    def __init__(self, stream: FrameStream) -> None:
        super().__init__(ScriptedTransport())
        self.stream = stream
        self.seen: list[int] = []
        self.repeats = 0
        self.woken_at = 0.0
        self.pauses: list[float] = []
        """Seconds from the frame before to each repeat."""

    def next_message(self) -> bytes | None:
        encoded = self.stream.encoded
        if encoded is None or (self.seen and self.seen[-1] == encoded.frame.seq):
            return None
        self.seen.append(encoded.frame.seq)
        self.woken_at = time.monotonic()
        return encoded.mjpeg_part

    def repeat(self) -> None:
        self.repeats += 1
        self.pauses.append(time.monotonic() - self.woken_at)

    def close(self, ending: Ending = STOPPING) -> None:
        self.stream.leave(self)


@pytest.fixture
async def make(config: Config) -> AsyncIterator[Make]:
    """Make streams of the camera called front; the end of the test closes them."""
    made: list[FrameStream] = []
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    offline_images = OfflineImages()

    def stream(kind: Kind = "live", **seconds: float) -> FrameStream:
        def on_frame(stream: FrameStream, frame: FrameView) -> None:
            frames.append(frame.seq)

        endpoint = endpoints.frames(config, "front")
        losses = RateLimitedLog(logger)
        made.append(FrameStream("front", kind, endpoint, context, offline_images, 64, losses, on_frame, **seconds))
        return made[-1]

    frames: list[int] = []
    yield stream
    for each in made:
        each.close()
    offline_images.close()
    context.destroy()


async def test_all_get_a_frame_where_there_are_more_than_get_it_in_one_turn(
    make: Make, camera: PublishedCamera
) -> None:
    stream = make()
    onlookers = [Onlooker(stream) for _ in range(VIEWERS_A_TURN + 2)]
    for onlooker in [*onlookers, onlookers[0]]:
        stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    camera.show(jpeg())
    await until(lambda: all(onlooker.seen == [1] for onlooker in onlookers))
    leaver = onlookers.pop()
    stream.leave(leaver)
    camera.show(jpeg())
    await until(lambda: all(onlooker.seen == [1, 2] for onlooker in onlookers))
    assert leaver.seen == [1]


@pytest.mark.parametrize("kind", ["live", "half", "quarter"])
async def test_frames_are_subscribed_to_only_while_there_are_viewers(
    kind: Kind, make: Make, camera: PublishedCamera
) -> None:
    stream = make(kind, linger_seconds=0.05)
    onlooker = Onlooker(stream)
    stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, f"\x01{kind}/front\n".encode())
    camera.show(jpeg(), kind)
    await until(lambda: onlooker.seen == [1])
    stream.leave(onlooker)
    stream.leave(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, f"\x00{kind}/front\n".encode())
    assert stream.encoded is None


@pytest.mark.medium
async def test_a_viewer_that_returns_in_time_keeps_the_camera_awake(make: Make, camera: PublishedCamera) -> None:
    stream = make(linger_seconds=0.3)
    onlooker = Onlooker(stream)
    stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    stream.leave(onlooker)
    stream.join(onlooker)
    assert await asyncio.to_thread(camera.subscription, 0.6) == b""


async def test_after_a_pause_the_frame_sent_again_is_no_repeat(make: Make, camera: PublishedCamera) -> None:
    stream = make(linger_seconds=0)
    onlooker = Onlooker(stream)
    for _ in range(2):
        onlooker.seen = []
        stream.join(onlooker)
        await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
        camera.seq = 0
        camera.show(jpeg())
        await until(lambda: onlooker.seen == [1])
        stream.leave(onlooker)
        await asyncio.to_thread(camera.wait_for_subscription, b"\x00live/front\n")


async def test_repeats_come_once_soon_and_then_each_second(make: Make, camera: PublishedCamera) -> None:
    stream = make(repeat_once_seconds=0.02, repeat_seconds=0.05)
    onlooker = Onlooker(stream)
    stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    assert onlooker.repeats == 0
    camera.show(jpeg())
    await until(lambda: onlooker.repeats >= 3)


async def test_a_frame_is_repeated_soon_also_after_a_long_silence(make: Make, camera: PublishedCamera) -> None:
    stream = make(repeat_once_seconds=0.02, repeat_seconds=600)
    onlooker = Onlooker(stream)
    stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    for times in (1, 2):
        camera.show(jpeg())
        await until(lambda: onlooker.repeats == times)  # noqa: B023  (it is awaited at once)


async def test_nothing_is_repeated_while_frames_come(make: Make, camera: PublishedCamera) -> None:
    stream = make(repeat_once_seconds=0.1, repeat_seconds=600)
    onlooker = Onlooker(stream)
    stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    for seq in range(1, 9):
        camera.show(jpeg())
        await until(lambda: onlooker.seen[-1:] == [seq])  # noqa: B023  (it is awaited at once)
    repeats = onlooker.repeats
    await until(lambda: onlooker.repeats == repeats + 1)
    assert min(onlooker.pauses) >= 0.1


async def test_the_first_frame_is_waited_for_but_not_for_ever(make: Make, camera: PublishedCamera) -> None:
    stream = make()
    assert await stream.first_frame(0.05) is None
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    waiting = asyncio.create_task(stream.first_frame(10))
    camera.show(jpeg())
    encoded = await waiting
    assert encoded is not None
    assert encoded.frame.jpeg == jpeg()


async def test_the_last_frame_outlives_the_subscription(make: Make, camera: PublishedCamera) -> None:
    stream = make()
    onlooker = Onlooker(stream)
    stream.join(onlooker)
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01live/front\n")
    pictures = [padded(jpeg(colour), size) for colour, size in (("red", 0), ("green", 200_000), ("blue", 300_000))]
    kept = []
    for seq, picture in enumerate(pictures, 1):
        camera.show(picture)
        await until(lambda: onlooker.seen[-1:] == [seq])  # noqa: B023  (it is awaited at once)
        kept.append(stream.last_frame)
    stream.close()
    assert [bytes(each.frame.jpeg) for each in kept if each is not None] == pictures
