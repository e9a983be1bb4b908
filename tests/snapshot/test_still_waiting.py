"""Requests that wait for a frame."""

import re
import time
from typing import Any

import pytest

from framebus.config.load import parse
from snapshot.errors import StillError
from snapshot.still import Still
from tests.clock import Clock
from tests.snapshot.service import NOW, Service, configured, full, peek, refusal


def test_a_fresh_still_is_taken_after_the_request(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    requester = service.request(fresh=True)
    assert service.service.wants_live("front")
    service.put("front", peek(2, age=0.0))  # taken in the very moment of the request: not after it
    assert service.replies() == {}
    clock.seconds += 0.1
    service.put("front", peek(3, age=-0.05))
    assert service.replies() == {requester: peek(3, age=-0.05, kind="snapshot")}
    assert not service.service.wants_live("front")


def test_an_age_that_is_asked_for_is_kept(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1, age=2))
    assert service.request(max_age=2.5) in service.replies()
    requester = service.request(max_age=1)
    assert service.replies() == {}
    service.put("front", peek(2, age=1.5))
    assert service.replies() == {}
    service.put("front", peek(3, age=0.5))
    assert list(service.replies()) == [requester]


def test_a_frame_that_grew_too_old_on_its_way_is_none_of_that_age(clock: Clock) -> None:
    service = Service(configured(), clock)
    requester = service.request(max_age=1)
    clock.seconds += 3
    service.put("front", peek(1, age=0.5))  # its capture stood still before it could send it
    assert service.replies() == {}
    service.put("front", peek(2, age=-2.5))
    assert list(service.replies()) == [requester]


def test_exposure_settles_for_so_many_seconds_after_the_wake(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.publish_status("idle")
    requester = service.request(settle=1.5)
    for seq, after in enumerate((0.5, 1.0, 1.5), 1):
        service.put("front", peek(seq, age=-after))
    clock.seconds += 1.6
    assert service.replies() == {}
    service.put("front", peek(4, age=-1.6))
    assert list(service.replies()) == [requester]


def test_exposure_settles_for_so_many_frames_after_the_wake(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.publish_status("idle")
    requester = service.request(settle="3f")
    for seq in (1, 2, 3):
        clock.seconds += 0.1
        service.put("front", peek(seq, age=-0.1 * seq))
        assert service.replies() == {}
    clock.seconds += 0.1
    service.put("front", peek(4, age=-0.4))
    assert list(service.replies()) == [requester]


@pytest.mark.parametrize("settle", [1.5, "10f"])
def test_a_camera_that_is_awake_for_longer_has_settled(settle: float | str, clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    service.publish_status("live", since=time.time() - 30)
    assert service.request(settle=settle) in service.replies()


@pytest.mark.parametrize(
    "parameters", [{"fresh": True}, {"max_age": 0}, {"settle": 1}, {"settle": "5f"}, {"full": True}]
)
def test_the_deadline_ends_every_waiting(parameters: dict[str, Any], clock: Clock) -> None:
    service = Service(configured(front={"still_size": "640x480"}), clock)
    service.publish_status("idle")
    requester = service.request(**parameters, timeout=2)
    service.service.tick()
    assert service.replies() == {}
    assert service.service.seconds_left() == 2
    clock.seconds += 2
    service.service.tick()
    assert refusal(service.replies()[requester], "front") == (
        "timeout",
        "camera front gave no suitable picture within 2 s",
    )


def test_a_camera_that_goes_ends_the_waiting_at_once_with_the_reason(clock: Clock) -> None:
    service = Service(configured(), clock)
    requester = service.request(fresh=True, timeout=60)
    service.publish_status("offline", "unplugged", since=1000.0)
    service.service.tick()
    code, sentence = refusal(service.replies()[requester], "front")
    assert code == "offline"
    assert re.fullmatch(r"camera front is offline since \d\d:\d\d:\d\d: unplugged", sentence)
    assert refusal(service.replies_to(fresh=True), "front") == (code, sentence)


def test_a_closed_camera_is_woken_and_one_that_is_away_is_not_waited_for(clock: Clock) -> None:
    service = Service(configured(front={"idle_fps": 0}), clock)
    service.publish_status("idle", "closed while there are no viewers")
    requester = service.request()
    assert service.service.wants_live("front")
    service.put("front", peek(1, age=-0.1))
    assert list(service.replies()) == [requester]
    clock.seconds += 60
    service.publish_status("offline", "unplugged")
    assert refusal(service.replies_to(), "front")[0] == "stale"


FULL: dict[str, Any] = {"front": {"still_size": "640x480"}}


def test_overlapping_requests_for_full_are_all_served(clock: Clock) -> None:
    service = Service(configured(**FULL), clock)
    service.publish_status()
    first = service.request(full=True)
    assert list(service.service.full_requests()) == ["front"]
    in_camera = full(1, clock, after=0.1)
    clock.seconds += 0.5
    second = service.request(full=True)
    assert list(service.service.full_requests()) == [], "a frame is under way"
    service.service.on_full_frame("front", in_camera)
    assert list(service.replies()) == [first], "it was captured before the second request"
    assert list(service.service.full_requests()) == ["front"], "so another one is asked for"
    service.service.on_full_frame("front", full(2, clock, after=0.1))
    assert list(service.replies()) == [second]
    assert not service.service.wants_full("front")
    assert list(service.service.full_requests()) == []


def test_a_request_for_full_right_after_another_asks_again(clock: Clock) -> None:
    service = Service(configured(**FULL), clock)
    service.publish_status()
    for seq in range(1, 4):
        requester = service.request(full=True)
        assert list(service.service.full_requests()) == ["front"]
        clock.seconds += 0.5
        service.service.on_full_frame("front", full(seq, clock))
        assert list(service.replies()) == [requester]


def test_a_malformed_frame_of_full_size_is_asked_for_again(clock: Clock) -> None:
    service = Service(configured(**FULL), clock)
    service.publish_status()
    requester = service.request(full=True)
    assert list(service.service.full_requests()) == ["front"]
    service.service.on_full_frame("front", b"full/front\nnothing\n")
    assert list(service.service.full_requests()) == ["front"]
    clock.seconds += 0.5
    service.service.on_full_frame("front", full(1, clock))
    assert list(service.replies()) == [requester]


@pytest.mark.parametrize("settle", [1.5, "3f"])
@pytest.mark.parametrize("known", [True, False], ids=["idle", "not heard of"])
def test_full_with_settle_on_an_idle_camera_comes_when_it_has_settled(
    settle: float | str, known: bool, clock: Clock
) -> None:
    service = Service(configured(**FULL), clock)
    if known:
        service.publish_status("idle")
    requester = service.request(full=True, settle=settle)
    assert service.service.wants_live("front"), "the camera has to be awake to settle"
    for seq in range(1, 21):
        clock.seconds += 0.1
        service.put("front", peek(seq, age=NOW - clock.seconds))
        service.publish_status("live", since=time.time() - 0.1 * seq)
        if service.service.wants_full("front"):
            break
    assert seq > 3
    assert service.replies() == {}
    assert list(service.service.full_requests()) == ["front"]
    clock.seconds += 0.2
    service.service.on_full_frame("front", full(21, clock))
    assert list(service.replies()) == [requester]


@pytest.mark.parametrize("parameters", [{"fresh": True}, {"settle": 60}, {"full": True}, {"full": True, "settle": 60}])
def test_a_request_that_is_taken_back_gives_up_its_place(parameters: dict[str, Any], clock: Clock) -> None:
    config = parse({"camera": FULL, "snapshot": {"max_requests": 2}}, None)
    service = Service(config, clock)
    service.publish_status("live" if parameters == {"full": True} else "idle", since=0.0)
    requesters = [service.request(**parameters, timeout=60) for _ in range(2)]
    assert refusal(service.replies_to(**parameters), "front")[0] == "busy"
    service.service.handle_request([requesters[0]], b'{"camera":"front","cancel":true}')
    assert service.replies() == {}, "neither is answered"
    assert service.request(**parameters, timeout=60) not in service.replies()
    assert refusal(service.replies_to(**parameters), "front")[0] == "busy"


@pytest.mark.parametrize("request_", [{"cancel": False}, {"cancel": 1}, {"cancel": True, "fresh": True}])
def test_what_is_no_request_to_take_one_back_is_told_so(request_: dict[str, Any], clock: Clock) -> None:
    assert refusal(Service(configured(), clock).replies_to(**request_))[0] == "bad-request"


def test_hundreds_of_requests_share_one_fresh_frame(clock: Clock) -> None:
    service = Service(configured(), clock)
    requesters = {service.request(fresh=True) for _ in range(500)}
    service.put("front", peek(1, age=-0.1))
    replies = service.replies()
    assert set(replies) == requesters
    assert len(set(map(id, replies.values()))) == 1, "one message, shared"


def test_more_than_may_wait_are_refused(clock: Clock) -> None:
    service = Service(parse({"snapshot": {"max_requests": 2}}, None), clock)
    for _ in range(2):
        service.request(fresh=True)
    assert refusal(service.replies_to(fresh=True), "front") == ("busy", "2 requests wait already for camera front")


def test_a_burst_of_a_thousand_costs_one_conversion(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    requesters = {service.request(width=1) for _ in range(500)}
    (job,) = service.service.jobs()
    service.service.on_converted(job, Still(job.still.header, b"\xff\xd8small"))
    requesters |= {service.request(width=1) for _ in range(500)}
    assert list(service.service.jobs()) == []
    replies = service.replies()
    assert set(replies) == requesters
    assert set(replies.values()) == {peek(1, kind="snapshot", body=b"\xff\xd8small")}


def test_each_frame_size_and_quality_is_made_once(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    for parameters in ({"width": 1}, {"quality": 50}, {"width": 1, "quality": 50}, {"height": 1}, {"width": 1}):
        service.request(**parameters)
    assert len(list(service.service.jobs())) == 4
    service.put("front", peek(2))
    service.request(width=1)
    assert len(list(service.service.jobs())) == 1


@pytest.mark.parametrize("parameters", [{"width": 2}, {"width": 5000, "height": 5000}, {"orientation": "upright"}])
def test_what_would_change_nothing_is_the_frame_itself(parameters: dict[str, Any], clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    assert service.replies_to(**parameters) == peek(1, kind="snapshot")


def test_a_picture_that_cannot_be_decoded_is_reported_to_all_requesters(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    requesters = [service.request(width=1) for _ in range(2)]
    (job,) = service.service.jobs()
    service.service.on_converted(job, StillError("damaged", "a picture of camera front cannot be decoded"))
    replies = service.replies()
    assert [refusal(replies[requester], "front") for requester in requesters] == [
        ("damaged", "a picture of camera front cannot be decoded")
    ] * 2


def test_more_conversions_than_may_wait_are_refused(clock: Clock) -> None:
    service = Service(configured(), clock, max_conversions=1)
    service.put("front", peek(1))
    service.request(quality=1)
    assert refusal(service.replies_to(quality=2), "front") == ("busy", "1 pictures wait already to be converted")


def test_converted_pictures_are_kept_up_to_a_limit(clock: Clock) -> None:
    service = Service(parse({"snapshot": {"cache_mb": 0.001}}, None), clock)
    service.put("front", peek(1))
    for quality in range(1, 20):
        service.request(quality=quality)
        (job,) = service.service.jobs()
        service.service.on_converted(job, Still(job.still.header, b"\xff\xd8" + bytes(200)))
    assert service.service._conversions.kept_bytes <= 1000
    service.request(quality=19)
    assert list(service.service.jobs()) == [], "the last one is kept"
    service.request(quality=1)
    assert len(list(service.service.jobs())) == 1, "the first one is not"
