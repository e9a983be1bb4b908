"""What a viewer gets of a camera: the size that it asks for, at most at its rate, and never an older frame."""

import asyncio
import time
from typing import Any

import msgspec
import pytest

from framebus.protocol.frame_view import view
from framebus.protocol.wire import Kind, RenditionCounts, pack
from gateway.cameras.feed import Feed
from gateway.delivery.encoded_frame import EncodedFrame
from gateway.delivery.viewer import STOPPING, Ending, Viewer
from gateway.viewers.camera_watch import CameraWatch, Wanted
from tests.gateway.camera import PublishedCamera, jpeg
from tests.gateway.conftest import Site, camera_is_known, until
from tests.gateway.delivery.test_viewer import ScriptedTransport
from tests.headers import frame_header

RENDITIONS = {"half": RenditionCounts(made=0), "quarter": RenditionCounts(made=0)}
SIZE = {"width": 1280, "height": 720, "renditions": RENDITIONS}


def encoded(seq: int, kind: Kind = "live", **changes: Any) -> EncodedFrame:
    return EncodedFrame(view(pack(kind, "front", frame_header("front", seq, **changes), b"jpeg")))


class Watcher(Viewer):
    """Takes whatever there is as soon as it is woken."""

    def __init__(self, feed: Feed, wanted: Wanted) -> None:
        super().__init__(ScriptedTransport())
        self.watch = CameraWatch(feed, self, wanted)
        self.seen: list[int] = []

    def next_message(self) -> bytes | None:
        newest = self.watch.newest()
        if newest is None:
            return None
        self.watch.sent(newest, b"message")
        self.seen.append(newest.frame.seq)
        return None

    def close(self, ending: Ending = STOPPING) -> None:
        self.watch.leave()


@pytest.fixture
async def feed(site: Site, camera: PublishedCamera) -> Feed:
    """Of a camera of 1280x720 that makes renditions."""
    await camera_is_known(site, camera, **SIZE)
    return site.gateway._cameras.first


async def watching(feed: Feed, wanted: Wanted) -> Watcher:
    watcher = Watcher(feed, wanted)
    watcher.watch.join()
    return watcher


@pytest.mark.parametrize(
    ("width", "kind"),
    [(None, "live"), (1280, "live"), (641, "live"), (640, "half"), (321, "half"), (320, "quarter"), (-5, "quarter")],
)
async def test_the_smallest_size_that_is_wide_enough_is_subscribed_to(
    width: float | None, kind: str, feed: Feed, camera: PublishedCamera
) -> None:
    watcher = await watching(feed, Wanted(width))
    await asyncio.to_thread(camera.wait_for_subscription, f"\x01{kind}/front\n".encode())
    assert [name for name, stream in feed.streams.items() if stream.viewers] == [kind]
    assert (feed.viewers, feed.rendition_viewers.get(kind, 1)) == (1, 1)  # type: ignore[call-overload]
    watcher.close()
    assert not any(stream.viewers for stream in feed.streams.values())
    assert feed.viewers == 0


async def test_a_picture_that_is_seen_turned_is_as_wide_as_it_is_high(site: Site, camera: PublishedCamera) -> None:
    await camera_is_known(site, camera, **SIZE, orientation=6)
    feed = site.gateway._cameras.first
    assert feed.stream_for(360).kind == "half"
    assert feed.stream_for(361).kind == "live"


@pytest.mark.parametrize("status", [{"width": 1280, "height": 720}, {**SIZE, "width": 0, "height": 0}])
async def test_without_renditions_or_a_size_the_frames_come_as_they_are(
    status: dict[str, Any], site: Site, camera: PublishedCamera
) -> None:
    await camera_is_known(site, camera, **status)
    assert site.gateway._cameras.first.stream_for(100).kind == "live"


async def test_where_the_size_changes_the_old_one_is_sent_until_the_new_one_comes(feed: Feed) -> None:
    watcher = await watching(feed, Wanted(320))
    quarter, half = feed.streams["quarter"], feed.streams["half"]
    quarter.encoded = encoded(1, "quarter")
    watcher.wake()
    watcher.watch.want(Wanted(640))
    assert quarter.viewers == half.viewers == {watcher}
    quarter.encoded = encoded(2, "quarter")
    watcher.wake()
    half.encoded = encoded(3, "half")
    watcher.wake()
    quarter.encoded = encoded(4, "quarter")
    watcher.wake()
    assert watcher.seen == [1, 2, 3]
    assert (quarter.viewers, half.viewers) == (set(), {watcher})
    watcher.close()


async def test_each_frame_is_the_next_to_send_unless_a_size_or_a_rate_is_waited_for(feed: Feed) -> None:
    watcher = await watching(feed, Wanted())
    coming = encoded(9)
    taken: list[bool] = []
    taken.append(watcher.watch.takes(coming))
    watcher.watch.want(Wanted(640))
    taken.append(watcher.watch.takes(coming))
    feed.streams["half"].encoded = encoded(1, "half")
    watcher.wake()
    taken.append(watcher.watch.takes(coming))
    feed.size = (640, 360, 1)  # the camera has changed: its own frames are small enough now
    taken.append(watcher.watch.takes(coming))
    watcher.watch.want(Wanted(640, fps=5))
    feed.live.encoded = encoded(2)
    watcher.wake()
    taken.append(watcher.watch.takes(coming))
    assert taken == [True, False, True, False, False]
    watcher.close()


async def test_a_frame_that_was_sent_already_is_not_the_next(feed: Feed) -> None:
    watcher = await watching(feed, Wanted())
    sent = feed.live.encoded = encoded(1)
    assert watcher.watch.takes(sent)
    watcher.wake()
    assert watcher.seen == [1]
    assert not watcher.watch.takes(sent)
    watcher.close()


async def test_a_frame_of_the_new_size_that_is_older_is_left_out(feed: Feed) -> None:
    watcher = await watching(feed, Wanted())
    feed.live.encoded = encoded(7)
    feed.streams["half"].encoded = encoded(6, "half")
    watcher.wake()
    watcher.watch.want(Wanted(640))
    watcher.wake()
    feed.live.encoded = encoded(8)
    watcher.wake()
    feed.streams["half"].encoded = encoded(8, "half")
    watcher.wake()
    feed.streams["half"].encoded = encoded(9, "half")
    watcher.wake()
    assert watcher.seen == [7, 8, 9]
    feed.streams["half"].encoded = encoded(1, "half", epoch="e2")  # capture was restarted
    watcher.wake()
    assert watcher.seen == [7, 8, 9, 1]
    watcher.close()


async def test_a_smaller_size_that_comes_just_after_each_live_frame_is_switched_to(feed: Feed) -> None:
    watcher = await watching(feed, Wanted())
    live, half = feed.streams["live"], feed.streams["half"]
    watcher.watch.want(Wanted(640))
    for stream, seq in ((live, 1), (half, 1), (live, 2), (half, 2)):
        stream.encoded = encoded(seq, stream.kind)
        watcher.wake()
    assert watcher.seen == [1, 2]
    assert (live.viewers, half.viewers) == (set(), {watcher})
    watcher.close()


async def test_who_changes_the_size_back_and_forth_is_left_with_one(feed: Feed) -> None:
    watcher = await watching(feed, Wanted())
    for width in (640, 320, None, 640, None, 320):
        watcher.watch.want(Wanted(width))
    assert [name for name, stream in feed.streams.items() if stream.viewers] == ["live", "quarter"]
    feed.streams["quarter"].encoded = encoded(1, "quarter")
    watcher.wake()
    assert [name for name, stream in feed.streams.items() if stream.viewers] == ["quarter"]
    watcher.close()
    assert not any(stream.viewers for stream in feed.streams.values())


async def test_another_size_of_the_camera_is_another_choice(feed: Feed, camera: PublishedCamera) -> None:
    watcher = await watching(feed, Wanted(320))
    camera.say(width=640, height=360, renditions=RENDITIONS)
    await until(lambda: feed.size == (640, 360, 1))
    watcher.wake()
    assert feed.streams["half"].viewers == {watcher}
    watcher.close()


@pytest.mark.slow
async def test_a_rate_is_a_ceiling(feed: Feed) -> None:
    watcher = await watching(feed, Wanted(fps=10))
    began = time.monotonic()
    for seq in range(1, 51):
        feed.live.encoded = encoded(seq)
        watcher.wake()
        await asyncio.sleep(0.02)
    assert 9 <= len(watcher.seen) <= 10 * (time.monotonic() - began) + 2
    watcher.close()


@pytest.mark.medium
async def test_a_frame_that_comes_too_early_is_sent_when_it_is_time(feed: Feed) -> None:
    """Although no other follows: the newest, and nobody has to wake the viewer."""
    watcher = await watching(feed, Wanted(fps=1))
    for seq in (1, 2, 3):
        feed.live.encoded = encoded(seq)
        watcher.wake()
    assert watcher.seen == [1]
    await until(lambda: watcher.seen == [1, 3])
    watcher.close()


async def test_after_it_has_left_a_viewer_is_not_woken(feed: Feed) -> None:
    watcher = await watching(feed, Wanted(fps=0.1))
    for seq in (1, 2):
        feed.live.encoded = encoded(seq)
        watcher.wake()
    timer = watcher.watch._timer
    assert timer is not None
    watcher.close()
    assert timer.cancelled()
    assert watcher.seen == [1]


async def test_a_rate_may_change_at_any_time(feed: Feed) -> None:
    watcher = await watching(feed, Wanted(fps=0.001))
    for seq in (1, 2):
        feed.live.encoded = encoded(seq)
        watcher.wake()
    watcher.watch.want(Wanted())
    watcher.wake()
    assert watcher.seen == [1, 2]
    watcher.close()


async def test_renditions_are_counted_apart(feed: Feed) -> None:
    watcher = await watching(feed, Wanted(640))
    feed.streams["half"].encoded = encoded(1, "half")
    watcher.wake()
    stats = feed.stats.camera_stats(feed.viewers, feed.rendition_viewers)
    assert (stats.sent, stats.sent_bytes) == (1, len(b"message"))
    assert msgspec.to_builtins(stats.renditions) == {"half": {"viewers": 1, "sent": 1, "sent_bytes": 7}}
    watcher.close()


async def test_a_picture_is_of_the_camera_and_not_of_the_test(feed: Feed, camera: PublishedCamera) -> None:
    """All the way from the bus."""
    watcher = await watching(feed, Wanted(640))
    await asyncio.to_thread(camera.wait_for_subscription, b"\x01half/front\n")
    camera.show(jpeg(size=(640, 360)), "half", width=640, height=360)
    await until(lambda: len(watcher.seen) == 1)
    assert feed.size == (1280, 720, 1)
    watcher.close()
