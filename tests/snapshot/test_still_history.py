"""Stills of the past, clips, and cameras of other machines."""

import json
from typing import Any

import msgspec
import pytest

from framebus.config.load import parse
from framebus.protocol.stills import ClipHeader
from framebus.protocol.wire import (
    ErrorHeader,
    FrameHeader,
    State,
    pack,
)
from framebus.protocol.wire import parse as parse_message
from snapshot.clips import MAX_CLIPS, PAGE_BYTES
from tests.clock import Clock
from tests.headers import status_header
from tests.parameters import sweep
from tests.snapshot.service import NOW, Service, configured, peek, refusal


def past(seconds: float, clock: Clock, page_bytes: int = PAGE_BYTES) -> Service:
    """A service with a frame a second of the last ten, and so many seconds of history."""
    service = Service(
        parse({"camera": {"front": {}}, "snapshot": {"history": seconds}}, None), clock, page_bytes=page_bytes
    )
    for seq in range(1, 11):
        clock.seconds = NOW + seq
        service.put("front", peek(seq, age=-seq, captured=1000.0 + seq))
    return service


def test_a_moment_of_the_past_is_the_frame_nearest_to_it(clock: Clock) -> None:
    service = past(60, clock)
    assert service.service.wants_live("front"), "history takes every frame"
    assert service.replies_to(at=1004.4) == peek(4, age=-4, captured=1004.0, kind="snapshot")
    code, sentence = refusal(service.replies_to(at=900), "front")
    assert code == "not-kept"
    assert sentence == "no picture of camera front at 900.000; kept are 1001.000 to 1010.000"
    assert service.replies_to(ago=5) == peek(5, age=-5, captured=1005.0, kind="snapshot")
    assert refusal(service.replies_to(ago=30), "front")[0] == "not-kept"


def test_so_long_ago_is_right_while_the_wall_clock_is_set(clock: Clock) -> None:
    config = parse({"camera": {"front": {}}, "snapshot": {"history": 60}}, None)
    service = Service(config, clock)
    for seq in range(1, 11):  # after five seconds it is set back by two
        clock.seconds = NOW + seq
        service.put("front", peek(seq, age=-seq, captured=1000.0 + seq - (2 if seq > 5 else 0)))
    found = [parse_message(service.replies_to(ago=ago), FrameHeader)[1].seq for ago in (2, 4, 5, 6)]
    assert found == [8, 6, 5, 4]


def test_without_a_history_there_is_no_past(clock: Clock) -> None:
    assert refusal(past(0, clock).replies_to(ago=1), "front") == (
        "not-kept",
        "there is no history of camera front: set history in [snapshot] to have one",
    )
    empty = Service(parse({"snapshot": {"history": 5}}, None), clock)
    assert refusal(empty.replies_to(ago=1), "front") == (
        "not-kept",
        "there is no history of camera front: it is empty yet",
    )


def test_a_clip_is_read_page_by_page(clock: Clock) -> None:
    service = past(60, clock, page_bytes=20)
    message, header = parse_message(service.replies_to(clip="mjpg", seconds=4), ClipHeader)
    assert (message.kind, header.frames, header.seconds, header.size) == ("clip", 5, 4.0, 25)
    service.put("front", peek(99, age=-99))  # the history moves on; the clip does not
    rest, more = parse_message(service.replies_to(clip="mjpg", id=header.id, offset=20), ClipHeader)
    assert more == msgspec.structs.replace(header, offset=20)
    assert message.body + rest.body == b"\xff\xd8J\xff\xd9" * 5
    assert refusal(service.replies_to(clip="mjpg", id=header.id, offset=0), "front") == (
        "not-kept",
        "there is no such clip of camera front, or it expired after 20 s without a request",
    )


def test_with_little_memory_less_history_is_kept_and_said_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    config = parse({"camera": {"front": {}, "back": {}}, "snapshot": {"history": 60, "history_mb": 2}}, None)
    service = Service(config, clock)
    body = b"\xff\xd8" + bytes(100_000) + b"\xff\xd9"
    for _ in range(2):
        service.service.limit_history(10_000_000)
    assert caplog.messages == []
    for camera in ("front", "back"):
        for seq in range(1, 40):
            service.put(camera, peek(seq, camera, age=-seq / 100, body=body))
    cameras = service.service.cameras.values()
    assert [camera.history.bytes // 100_000 for camera in cameras] == [19, 19]
    for _ in range(3):
        service.service.limit_history(0)
    assert caplog.messages == [
        "keeps at most 1 MB of history for each of 2 cameras instead of 2: 0 MB of memory are available; "
        "lower history_mb in [snapshot]"
    ]
    assert all(camera.history.bytes <= 1_000_000 for camera in cameras)
    service.put("front", peek(40, age=-0.4, body=body))
    assert service.service.cameras["front"].history.bytes <= 1_000_000
    service.service.limit_history(10_000_000)
    for seq in range(41, 80):
        service.put("front", peek(seq, age=-seq / 100, body=body))
    assert service.service.cameras["front"].history.bytes > 1_500_000, "memory is back"


def test_a_clip_that_is_ended_or_only_asked_about_keeps_no_place(clock: Clock) -> None:
    service = past(60, clock)
    for _ in range(3 * MAX_CLIPS):
        message, header = parse_message(service.replies_to(clip="avi", end=True), ClipHeader)
        assert (message.body, header.id, header.frames) == (b"", "", 10)
    for _ in range(3 * MAX_CLIPS):
        opened = parse_message(service.answer(b'{"camera":"front","clip":"mjpg","offset":1000}'), ClipHeader)[1]
        assert opened.id
        service.replies_to(clip="mjpg", id=opened.id, end=True)
    assert refusal(service.replies_to(clip="mjpg", id=opened.id), "front")[0] == "not-kept"


FAR: dict[str, Any] = {"connect": "tcp://127.0.0.1:5555"}


AHEAD = 1e6
"""Seconds by which its clock is ahead of ours."""


def far_frame(seq: int, at: float, captured: float = 1.0) -> bytes:
    """A frame that is taken and sent at this moment of ours."""
    header = parse_message(peek(seq, captured=captured), FrameHeader)[1]
    times = {"monotonic": at + AHEAD, "published": at + AHEAD}
    return pack("peek", "front", msgspec.structs.replace(header, **times), b"\xff\xd8J\xff\xd9")


def test_stills_of_another_machine_are_judged_by_their_arrival(clock: Clock) -> None:
    service = Service(configured(front=FAR), clock)
    service.put("front", far_frame(1, NOW))
    clock.seconds = NOW + 10.9
    reply = service.replies_to()
    assert parse_message(reply, FrameHeader)[1].monotonic == NOW
    assert parse_message(service.replies_to(max_age=11), FrameHeader)[1].seq == 1
    service.publish_status()
    clock.seconds = NOW + 11.1
    assert parse_message(service.replies_to(), ErrorHeader)[1].code == "stale"


def test_a_fresh_one_of_another_machine_is_none_from_before(clock: Clock) -> None:
    service = Service(configured(front=FAR), clock)
    service.put("front", far_frame(1, NOW))
    clock.seconds = NOW + 2
    service.publish_status()
    service.request(fresh=True)
    clock.seconds = NOW + 2.1
    service.put("front", far_frame(2, NOW + 1.9))  # sent again, for us who have just subscribed
    assert service.replies() == {}
    service.put("front", far_frame(3, NOW + 2.05))
    (reply,) = service.replies().values()
    assert parse_message(reply, FrameHeader)[1].seq == 3


def test_another_machine_whose_wall_clock_is_wrong_has_settled_when_it_has(clock: Clock) -> None:
    service = Service(configured(front=FAR), clock)
    service.put("front", far_frame(1, NOW))
    service.publish_status(since=0.0)  # long ago, it says
    requester = service.request(settle=1)
    clock.seconds = NOW + 0.5
    service.put("front", far_frame(2, clock.seconds))
    assert service.replies() == {}
    clock.seconds = NOW + 1.5
    service.put("front", far_frame(3, clock.seconds))
    assert requester in service.replies()


def test_so_long_ago_is_counted_by_the_cameras_own_clock(clock: Clock) -> None:
    config = parse({"camera": {"front": FAR}, "snapshot": {"history": 60}}, None)
    service = Service(config, clock)
    for second in range(5):
        clock.seconds = NOW + second
        service.put("front", far_frame(second + 1, clock.seconds, captured=1e9 + second))
    assert parse_message(service.replies_to(ago=3), FrameHeader)[1].seq == 2


def test_a_full_one_of_another_machine_may_be_from_our_future(clock: Clock) -> None:
    service = Service(configured(front={**FAR, "still_size": "640x480"}), clock)
    service.publish_status()
    requester = service.request(full=True)
    clock.seconds = NOW + 0.1
    service.service.on_full_frame("front", far_frame(1, clock.seconds))
    assert requester in service.replies()


HOSTILE_TIMES = (1e300, -1e300, 1e18, -1e18, 0.0, -1.0, 1.7e308, -1.7e308)


@pytest.mark.parametrize("front", [{}, FAR], ids=["here", "far"])
@pytest.mark.parametrize("key", ["captured", "monotonic", "published", "width", "height", "seq", "epoch", "dropped"])
@pytest.mark.parametrize(
    "value", sweep(["x" * 100_000, *HOSTILE_TIMES, 2**31, 2**63, 2**200, 1, 'quoted"', "line\r\n"], 2)
)
def test_no_header_of_a_frame_ends_the_service(key: str, value: Any, front: dict[str, Any], clock: Clock) -> None:
    config = parse({"camera": {"front": front, "back": {}}, "snapshot": {"history": 60}}, None)
    service = Service(config, clock)
    before, header, body = peek().split(b"\n", 2)
    for seq in range(1, 4):
        changed = json.dumps({**json.loads(header), "seq": seq, key: value}).encode()
        service.put("front", b"\n".join((before, changed, body)))
    for parameters in ({}, {"width": 1}, {"max_age": 5}, {"at": 1e300}, {"ago": 1}, {"clip": "avi"}, {"clip": "mjpg"}):
        service.check_reply(**parameters)
    service.put("back", peek(7, "back"))
    assert service.answer(b'{"camera":"back"}') == peek(7, "back", kind="snapshot")


@pytest.mark.parametrize("front", [{}, FAR], ids=["here", "far"])
@pytest.mark.parametrize("state", ["offline", "live", "idle", "starting"])
@pytest.mark.parametrize("key", ["since", "captured", "monotonic", "fps", "seq", "width", "reason", "source"])
@pytest.mark.parametrize("value", sweep([None, *HOSTILE_TIMES, 2**63, 2**200, "\0\r\n", "x" * 100_000], 2))
def test_no_status_ends_the_service(key: str, value: Any, state: State, front: dict[str, Any], clock: Clock) -> None:
    service = Service(configured(front={**front, "still_size": "640x480"}, back={}), clock)
    service.publish_status(state)
    said = json.dumps({**json.loads(msgspec.json.encode(status_header(state, since=0.0, fps=10.0))), key: value})
    service.service.on_status("front", b"status/front\n" + said.encode() + b"\n")
    for parameters in ({}, {"fresh": True}, {"settle": 5}, {"full": True, "settle": "5f"}):
        service.check_reply(**parameters)
    service.put("back", peek(7, "back"))
    assert service.answer(b'{"camera":"back"}') == peek(7, "back", kind="snapshot")
