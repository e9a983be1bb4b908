"""Capture publishes what its subscribers want, at their rate, and its status."""

import re
import time
from itertools import pairwise

import pytest

from framebus import Subscriber
from framebus.protocol.wire import FrameHeader, StatusHeader, parse
from framebus.publishing.resend import RESEND_MAX_AGE_SECONDS
from tests.capture.jpegs import ORIENTATION, opened
from tests.capture.listener import Listener
from tests.capture.published import FRONT, published
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, wait_until


def test_a_frame_is_what_the_contract_says(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    with Listener(config, "live") as live:
        published(start, config)
        message = live.message()
    assert message.startswith(b'live/front\n{"v":1,"camera":"front","seq":')
    parts, header = parse(message, FrameHeader)
    assert (header.v, header.camera, header.source, header.dropped) == (1, "front", "testcard", 0)
    assert re.fullmatch(r"[0-9a-f]{16}", header.epoch)
    assert (header.width, header.height, header.orientation) == (160, 120, 1)
    assert header.monotonic <= header.published <= time.monotonic()
    assert time.monotonic() - header.monotonic < DEADLINE_SECONDS
    assert abs(time.time() - header.captured) < 2 * DEADLINE_SECONDS
    assert opened(parts.body).size == (160, 120)
    assert parts.body[:2] + parts.body[-2:] == b"\xff\xd8\xff\xd9"


def test_the_number_rises_by_one_and_time_goes_on(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 15")
    published(start, config)
    with Listener(config, "live") as live:
        frames = [live.frame() for _ in range(40)]
    steps = [after.seq - before.seq for before, after in pairwise(frames)]
    if steps[0] == 0:  # the newest frame was sent again when we came
        frames, steps = frames[1:], steps[1:]
    assert set(steps) == {1}
    assert len({frame.epoch for frame in frames}) == 1
    for before, after in pairwise(frames):
        assert before.header.monotonic < after.header.monotonic
        assert before.header.published < after.header.published


def test_the_camera_works_at_the_rate_that_subscribers_ask_for(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 30\nidle_fps = 1")
    running = published(start, config)
    with Listener(config, "status") as heard:
        idle = heard.status(lambda status: status.state == "idle" and 0 < status.fps < 1.5)
        assert (idle.reason, idle.watched) == ("1 fps while there are no viewers", False)
        with Listener(config, "live") as live:
            live.frame()
            running.wait_for("camera front is watched: 30 fps")
            busy = heard.status(lambda status: status.state == "live" and status.fps > 10)
            assert (busy.reason, busy.watched) == ("", True)
        running.wait_for("camera front is idle: 1 fps")
        heard.status(lambda status: status.state == "idle" and 0 < status.fps < 1.5 and not status.watched)
    assert running.log.count("is watched") == 1


def test_peek_alone_leaves_the_camera_idle_and_is_thinned_out_while_it_is_not(
    configure: Configure, start: Start
) -> None:
    config = configure(FRONT + "fps = 30\nidle_fps = 2")
    running = published(start, config)
    with Listener(config, "peek") as peek:
        peek.frame()
        peek.frame()
        assert "is watched" not in running.log
        with Listener(config, "live") as live:
            live.frame()
            peek.skip()
            first, second = peek.frame(), peek.frame()
    assert second.seq - first.seq > 2
    assert second.header.monotonic - first.header.monotonic > 0.3


def test_at_idle_rate_0_the_camera_is_closed_until_there_is_a_viewer(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 10\nidle_fps = 0")
    running = published(start, config)
    with Listener(config, "status") as heard, Listener(config, "peek") as peek:
        closed = heard.status(lambda _: True)
        assert (closed.state, closed.reason, closed.seq) == ("idle", "closed while there are no viewers", 0)
        assert (closed.source, closed.captured, closed.monotonic, closed.width) == ("testcard", None, None, 0)
        with pytest.raises(TimeoutError):
            peek.message(1.5)
        with Listener(config, "live") as live:
            assert live.frame().seq == 1
            running.wait_for("camera front is watched: 10 fps")
            peek.frame()
            heard.status(lambda status: status.state == "live")
        running.wait_for("camera front is idle: 0 fps")
        closed = heard.status(lambda status: status.state == "idle")
        assert closed.reason == "closed while there are no viewers"
        peek.skip()
        with pytest.raises(TimeoutError):
            peek.message(1.5)
        with Listener(config, "live") as live:
            assert live.frame().seq >= closed.seq


def test_the_newest_frame_is_sent_again_to_a_new_subscriber(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "idle_fps = 0.01")  # the next frame comes after the deadline
    with Listener(config, "peek") as early:
        published(start, config)
        first = early.frame()
        with Listener(config, "peek") as late:
            again = late.frame()
        assert (again.epoch, again.seq, again.jpeg) == (first.epoch, first.seq, first.jpeg)


def test_a_frame_that_has_grown_old_is_not_sent_again(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "idle_fps = 0.25")
    with Listener(config, "peek") as early:
        published(start, config)
        first = early.frame()
        time.sleep(RESEND_MAX_AGE_SECONDS + 0.2)
        with Listener(config, "peek") as late:
            assert late.frame().seq == early.frame().seq == first.seq + 1


def test_a_frame_of_a_slow_camera_is_sent_again_until_the_next_one(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 0.05\nidle_fps = 0.05")
    with Listener(config, "peek") as early:
        published(start, config)
        first = early.frame()
        time.sleep(RESEND_MAX_AGE_SECONDS + 0.2)
        with Listener(config, "live") as late:
            assert late.frame().seq == first.seq


def test_a_slow_idle_rate_holds_no_frame_back_from_peek(configure: Configure, start: Start) -> None:
    """The first frame for peek/ is due at once, however short the machine has been up."""
    config = configure(FRONT + "fps = 10\nidle_fps = 1e-7")
    published(start, config)
    with Listener(config, "status") as heard:
        heard.status(lambda status: status.seq >= 1)
    time.sleep(RESEND_MAX_AGE_SECONDS + 0.2)
    with Listener(config, "peek") as peek:
        with pytest.raises(TimeoutError):
            peek.message(0.3)
        with Listener(config, "live"):
            assert peek.frame().seq > 1


def test_the_status_comes_once_a_second(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    running = published(start, config)
    with Listener(config, "status") as heard:
        first = heard.status(lambda status: status.state == "idle")
        heard_statuses: list[StatusHeader] = []

        def three_take_two_seconds() -> bool:
            """On a busy machine, one that was sent before may come late; more often than once a second, none do."""
            heard.skip()
            started = time.monotonic()
            heard_statuses.extend(next(heard.statuses()) for _ in range(3))
            return time.monotonic() - started > 1.9

        wait_until(three_take_two_seconds, "a status a second")
        last = heard_statuses[-1]
    assert (last.camera, last.pid, last.source, last.epoch) == ("front", running.pid, "testcard", first.epoch)
    assert (last.width, last.height, last.dropped, last.bad) == (160, 120, 0, 0)
    assert last.since == first.since
    assert first.since <= time.time()
    assert last.seq > 0
    assert last.captured is not None
    assert last.monotonic is not None
    assert last.monotonic < time.monotonic()


def test_the_status_comes_at_every_change_of_state(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    published(start, config)
    with Listener(config, "status") as heard:
        since = heard.status(lambda status: status.state == "idle").since

        def ten_changes() -> bool:
            """Told once a second they would take ten seconds, on every machine."""
            nonlocal since
            started = time.monotonic()
            for _ in range(5):
                with Listener(config, "live"):
                    busy = heard.status(lambda status: status.state == "live")
                idle = heard.status(lambda status: status.state == "idle")
                assert since < busy.since < idle.since
                since = idle.since
            return time.monotonic() - started < 8

        wait_until(ten_changes, "ten changes, each told at once")


def test_the_status_comes_at_once_to_a_new_subscriber(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    published(start, config)

    def ten_subscribers() -> bool:
        """With a status once a second they would take nine seconds, on every machine."""
        started = time.monotonic()
        for _ in range(10):
            with Listener(config, "status") as heard:
                heard.message()
        return time.monotonic() - started < 8

    wait_until(ten_subscribers, "ten subscribers, each of whom hears at once")


def test_a_camera_that_cannot_be_opened_is_offline_and_says_why(configure: Configure, start: Start) -> None:
    config = configure('[camera.front]\nsource = "v4l2:/dev/no-such-camera"\n')
    running = published(start, config)
    with Listener(config, "status") as heard:
        status = heard.status(lambda status: status.state == "offline")
    assert "/dev/no-such-camera" in status.reason
    running.wait_for(f"camera front offline: {status.reason}")
    assert (status.seq, status.fps) == (0, 0)
    assert running.terminate() == 0


def test_the_configured_orientation_is_in_the_picture_and_in_the_header(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "orientation = 6")
    published(start, config)
    with Listener(config, "live") as live:
        frame = live.frame()
    assert frame.orientation == 6
    assert opened(frame.jpeg).getexif()[ORIENTATION] == 6


def test_cameras_do_not_hear_each_other(configure: Configure, start: Start) -> None:
    config = configure(FRONT + '[camera.front2]\nsource = "testcard"\nsize = "64x48"\n')
    published(start, config)
    start("capture", "front2", config=config).wait_for("camera front2 publishes at ")
    with Listener(config, "live") as live, Listener(config, "live", "front2") as other:
        assert (live.frame().width, other.frame().width) == (160, 64)


def test_frames_are_published_over_tcp_as_well(configure: Configure, start: Start, free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    config = configure(f'[camera.front]\nsource = "testcard"\nsize = "64x48"\npublish = "{endpoint}"\n')
    start("capture", "front", config=config)
    with (
        Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as over_tcp,
        Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as over_ipc,
    ):
        assert over_tcp.receive().epoch == over_ipc.receive().epoch


def test_auto_is_told_as_what_it_chose(configure: Configure, start: Start) -> None:
    config = configure('[camera.front]\nsource = "auto"\nsize = "160x120"\n')
    with Listener(config, "status") as statuses, Listener(config, "live") as live:
        start("capture", "front", config=config)
        chosen = live.frame().header.source
        assert chosen != "auto"
        assert statuses.status(lambda status: status.state == "live").source == chosen
