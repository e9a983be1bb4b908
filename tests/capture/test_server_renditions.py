"""Renditions of a capture that runs: made while somebody subscribes, once for all, and beside live frames."""

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest

from framebus import Subscriber
from framebus.protocol.frame import Frame
from framebus.protocol.wire import Kind, StatusHeader
from tests.capture.jpegs import ORIENTATION, jpeg, opened
from tests.capture.listener import Listener
from tests.capture.published import FRONT, published
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until


def show(file: Path, picture: bytes) -> None:
    """Let a camera that shows a file show this picture next."""
    new = file.with_name("new.jpg")
    new.write_bytes(picture)
    new.replace(file)


def made(status: StatusHeader) -> dict[str, int]:
    assert isinstance(status.renditions, dict)
    return {name: counts.made for name, counts in status.renditions.items()}


def distinct(frames: list[Frame]) -> list[Frame]:
    """Without repeats for a new subscriber."""
    return list({frame.seq: frame for frame in frames}.values())


def test_a_rendition_is_the_same_frame_smaller(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "orientation = 6\nfps = 20\nrendition_fps = 20")
    published(start, config)
    with Listener(config, "live") as live, Listener(config, "half") as half, Listener(config, "quarter") as quarter:
        small = {"half": [half.frame() for _ in range(5)], "quarter": [quarter.frame() for _ in range(5)]}
        last = max(frame.seq for frames in small.values() for frame in frames)
        large: dict[int, Frame] = {}
        while last not in large:
            frame = live.frame()
            large[frame.seq] = frame
    for name, size in (("half", (80, 60)), ("quarter", (40, 30))):
        common = [frame for frame in small[name] if frame.seq in large]
        assert len(common) >= 3
        for frame in common:
            of = large[frame.seq].header
            assert (frame.width, frame.height) == size == opened(frame.jpeg).size
            assert (frame.epoch, frame.captured, frame.header.monotonic) == (of.epoch, of.captured, of.monotonic)
            assert frame.orientation == 6 == opened(frame.jpeg).getexif()[ORIENTATION]
            assert frame.header.published >= of.published


def test_who_watches_a_rendition_watches_at_its_rate(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 30\nrendition_fps = 10")
    running = published(start, config)
    with Listener(config, "status") as heard:
        assert made(heard.status(lambda status: status.state == "idle")) == {"half": 0, "quarter": 0}
        with Listener(config, "quarter"):
            running.wait_for("camera front is watched: 10 fps")
            status = heard.status(lambda status: status.state == "live" and status.fps > 8)
            assert status.watched
            assert status.fps < 12
            assert made(status)["half"] == 0
            with Listener(config, "live"):
                running.wait_for("camera front is watched: 30 fps")
                heard.status(lambda status: status.fps > 15)
        idle = heard.status(lambda status: status.state == "idle")
        assert not idle.watched
        assert made(idle)["quarter"] > 0
        heard.skip()
        statuses = pairwise(heard.statuses())  # one that was begun before may be done after the first of them
        wait_until(lambda: len({made(status)["quarter"] for status in next(statuses)}) == 1, "no more are made")


def test_an_idle_rate_above_that_of_renditions_stays(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 30\nidle_fps = 20\nrendition_fps = 5")
    published(start, config)
    with Listener(config, "status") as heard, Listener(config, "half") as half:
        heard.status(lambda status: status.watched and status.fps > 12)
        half.skip()
        frames = distinct([half.frame() for _ in range(8)])
    seconds = frames[-1].captured - frames[0].captured
    assert seconds / (len(frames) - 1) > 0.12  # one may be late, and the next on time


def test_renditions_come_at_their_rate_beside_a_faster_live(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 30\nrendition_fps = 10")
    published(start, config)
    with Listener(config, "live"), Listener(config, "half") as half:

        def rate() -> float:
            frames = distinct([half.frame() for _ in range(20)])
            assert [frame.seq for frame in frames] == sorted(frame.seq for frame in frames)
            return (len(frames) - 1) / (frames[-1].captured - frames[0].captured)

        wait_until(lambda: rate() == pytest.approx(10, abs=1.5), "ten a second, unless the machine is too busy")


def test_one_encode_serves_all_subscribers(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 10\nrendition_fps = 10")
    published(start, config)
    listeners = [Listener(config, "half") for _ in range(12)]
    with Listener(config, "status") as heard:
        first = heard.status(lambda status: made(status)["half"] > 5)
        last = heard.status(lambda status: made(status)["half"] > 25)
        assert made(last)["half"] - made(first)["half"] <= last.seq - first.seq + 1
    for listener in listeners:
        with listener:
            assert listener.frame().width == 80


def test_without_subscribers_there_is_no_thread_and_no_pillow(
    configure: Configure, start: Start, tmp_path: Path
) -> None:
    """The camera has JPEGs of its own: the test card draws with Pillow."""
    (tmp_path / "picture.jpg").write_bytes(jpeg((64, 48)))
    config = configure(f'[camera.front]\nsource = "{tmp_path}/picture.jpg"\nfps = 10\n')
    running = published(start, config)
    with Listener(config, "live") as live:
        for _ in range(3):
            live.frame()
        threads = len(os.listdir(f"/proc/{running.pid}/task"))
        assert not has_pillow(running)
        with Listener(config, "half") as half:
            assert half.frame().width == 32
        assert has_pillow(running)
        assert len(os.listdir(f"/proc/{running.pid}/task")) == threads + 1


def has_pillow(running: Running) -> bool:
    return "_imaging" in Path(f"/proc/{running.pid}/maps").read_text()


@pytest.mark.parametrize("kind", ["half", "quarter"])
def test_a_new_subscriber_has_a_picture_at_once(kind: Kind, configure: Configure, start: Start) -> None:
    """At a rate at which the next frame is a minute away: made of the newest frame, then sent again."""
    config = configure(FRONT + "fps = 0.02\nidle_fps = 0.02")
    with Listener(config, "peek") as peek:
        published(start, config)
        newest = peek.frame()
        with Listener(config, kind) as first:
            assert first.frame().seq == newest.seq
            with Listener(config, kind) as second:
                assert second.frame().seq == newest.seq


def test_an_old_rendition_is_not_sent_to_a_new_subscriber(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 10\nidle_fps = 10")
    published(start, config)
    with Listener(config, "half") as half:
        before = half.frame()
    time.sleep(2.2)
    subscribed = time.monotonic()
    with Listener(config, "half") as half:
        after = half.frame()
    assert after.captured - before.captured > 2
    assert after.header.monotonic > subscribed - 2


def test_a_subscriber_of_a_rendition_goes_on_after_kill_9_and_restart(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    first = published(start, config)
    with Subscriber("front", rendition="half", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:
        before = subscriber.receive()
        first.process.kill()
        first.ended()
        published(start, config)
        after = subscriber.receive()
        while after.epoch == before.epoch:
            after = subscriber.receive()
        assert (after.width, after.height) == (80, 60)


def test_live_frames_do_not_wait_for_renditions(configure: Configure, start: Start) -> None:
    """Of 16 megapixels, which takes much longer to make smaller than a frame period; none of those in between wait."""
    config = configure('[camera.front]\nsource = "testcard"\nsize = "4608x3456"\nfps = 30\nrendition_fps = 30\n')
    published(start, config)
    with Listener(config, "live") as live, Listener(config, "half") as half:
        half.frame()
        live.skip()
        frames = [live.frame() for _ in range(6)]
        assert [after.seq - before.seq for before, after in pairwise(frames)] == [1] * 5
        small = [half.frame() for _ in range(2)]
    assert all(frame.width == 2304 for frame in small)
    assert small[1].seq > small[0].seq


def test_the_last_of_some_frames_has_a_rendition_although_it_came_too_early(
    configure: Configure, start: Start, tmp_path: Path
) -> None:
    """Else viewers of a rendition would be left with the picture before, for as long as the camera is silent."""
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(jpeg((640, 480)))
    config = configure(f'[camera.front]\nsource = "{picture}"\nfps = 60\nrendition_fps = 1\nstall_timeout = 60\n')
    published(start, config)
    with Listener(config, "live") as live, Listener(config, "half") as half:
        live.frame()
        half.frame()
        for number in range(1, 4):
            show(picture, jpeg((640 - 2 * number, 480)))
            while live.frame().width != 640 - 2 * number:
                pass
        while half.frame().width != 320 - 3:
            pass


def test_a_new_subscriber_gets_the_newest_frame_and_not_the_newest_rendition(
    configure: Configure, start: Start, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(jpeg((640, 480)))
    config = configure(f'[camera.front]\nsource = "{picture}"\nfps = 60\nstall_timeout = 60\n')
    published(start, config)
    with Listener(config, "live") as live:
        with Listener(config, "half") as half:
            assert half.frame().width == 320
        show(picture, jpeg((200, 150)))
        while live.frame().width != 200:
            pass
        with Listener(config, "half") as half:
            while half.frame().width != 100:  # one that was being made for the listener before may still come first
                pass


def test_a_picture_above_max_megapixels_has_no_rendition_either(
    configure: Configure, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "picture.jpg").write_bytes(jpeg((640, 480)))
    config = configure(f'[camera.front]\nsource = "{tmp_path}/picture.jpg"\nmax_megapixels = 0.1\n')
    published(start, config)
    with Listener(config, "half") as half, pytest.raises(TimeoutError):
        half.message(1.5)


def test_a_camera_whose_size_changes_has_renditions_of_the_new_size(
    configure: Configure, start: Start, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(jpeg((640, 480)))
    config = configure(f'[camera.front]\nsource = "{picture}"\nfps = 10\n')
    published(start, config)
    with Listener(config, "half") as half:
        assert half.frame().width == 320
        show(picture, jpeg((200, 101), progressive=True))
        while (frame := half.frame()).width == 320:
            pass
    assert (frame.width, frame.height) == (100, 51) == opened(frame.jpeg).size


def test_the_process_ends_at_once_while_renditions_are_made(configure: Configure, start: Start) -> None:
    config = configure('[camera.front]\nsource = "testcard"\nsize = "3840x2160"\nfps = 5\n')
    running = published(start, config)
    with Listener(config, "half") as half, Listener(config, "quarter"):
        half.frame()
        began = time.monotonic()
        assert running.terminate() == 0
        assert time.monotonic() - began < DEADLINE_SECONDS / 2
