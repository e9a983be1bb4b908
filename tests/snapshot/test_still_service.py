import json
import re
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.config.load import Config, parse
from framebus.protocol.stills import ClipHeader
from framebus.protocol.wire import (
    ErrorHeader,
    FrameHeader,
    Kind,
    State,
    pack,
)
from framebus.protocol.wire import parse as parse_message
from snapshot.clips import MAX_CLIPS, PAGE_BYTES
from snapshot.errors import StillError
from snapshot.still import Still
from snapshot.still_service import MAX_CONVERSIONS, StillService
from tests.clock import Clock
from tests.headers import status_header

NOW = 5000.0


class Service:
    """The service, and its replies."""

    def __init__(
        self, config: Config, clock: Clock, max_conversions: int = MAX_CONVERSIONS, page_bytes: int = PAGE_BYTES
    ) -> None:
        self.service = StillService(config.cameras, config.snapshot, clock, max_conversions, page_bytes)
        self._asked = 0

    def put(self, camera: str, message: bytes) -> None:
        self.service.on_frame(camera, message)

    def publish_status(
        self, state: State = "live", reason: str = "", since: float = 0.0, camera: str = "front"
    ) -> None:
        """The status comes from the camera's capture."""
        self.service.on_status(
            camera, pack("status", camera, status_header(state, reason, camera, since=since, fps=10.0))
        )

    def request(self, **parameters: Any) -> bytes:
        """Ask, and return who has asked: the envelope of the reply."""
        self._asked += 1
        name = b"%d" % self._asked
        self.service.handle_request([name], json.dumps({"camera": "front", **parameters}).encode())
        return name

    def replies(self) -> dict[bytes, bytes]:
        """The replies since the last call, by who has asked."""
        return {envelope[0]: reply for envelope, reply in self.service.replies()}

    def replies_to(self, **parameters: Any) -> bytes:
        """The reply to what is asked, where that comes at once."""
        requester = self.request(**parameters)
        return self.replies()[requester]

    def check_reply(self, **parameters: Any) -> None:
        """A request may be refused, but not because the service failed."""
        requester = self.request(**parameters)
        self.service.tick()
        reply = self.replies().get(requester)
        if reply is not None and reply.startswith(b"error/"):
            assert parse_message(reply, ErrorHeader)[1].code != "internal"

    def answer(self, request: bytes) -> bytes:
        """The reply to a request that is answered at once."""
        self.service.handle_request([b"now"], request)
        return self.replies()[b"now"]


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


FIVE = b"\xff\xd8five\xff\xd9"


def configured(**cameras: dict[str, Any]) -> Config:
    """A configuration with these cameras, and stills that are stale after 10 s beyond the idle period."""
    return parse({"camera": cameras or {"front": {}}, "snapshot": {"stale_after": 10}}, None)


def peek(
    seq: int = 1,
    camera: str = "front",
    *,
    kind: Kind = "peek",
    epoch: str = "e1",
    age: float = 0.0,
    captured: float = 1.0,
    body: bytes = b"\xff\xd8J\xff\xd9",
) -> bytes:
    """A frame as a capture publishes it."""
    header = FrameHeader(
        v=1,
        camera=camera,
        seq=seq,
        epoch=epoch,
        captured=captured,
        monotonic=NOW - age,
        published=NOW,
        width=2,
        height=2,
        source="test",
        dropped=0,
    )
    return pack(kind, camera, header, body)


def refusal(reply: bytes, camera: str = "") -> tuple[str, str]:
    """The code and the sentence of an error/ reply for a camera."""
    message, header = parse_message(reply, ErrorHeader)
    assert (message.kind, message.camera, message.body) == ("error", camera, b"")
    return header.code, header.message


def test_the_answer_is_the_newest_frame_under_another_first_line(clock: Clock) -> None:
    service = Service(configured(), clock)
    for seq in (1, 2, 3):
        service.put("front", peek(seq, body=b"\xff\xd8\n\n%d\xff\xd9" % seq))
        assert service.answer(b'{"camera":"front"}') == peek(seq, kind="snapshot", body=b"\xff\xd8\n\n%d\xff\xd9" % seq)


@pytest.mark.parametrize(
    "request_", [b'{"camera":"front"}', b' { "v" : 1 , "camera" : "front" }\r\n', b'{"camera":"fron\\u0074"}']
)
def test_every_way_of_writing_a_request_is_understood(request_: bytes) -> None:
    service = Service(configured(), Clock(NOW))
    service.put("front", peek())
    assert service.answer(request_).startswith(b"snapshot/front\n")


def test_cameras_are_kept_apart(clock: Clock) -> None:
    service = Service(configured(front={}, back={}), clock)
    service.put("front", peek(7, "front"))
    service.put("back", peek(3, "back"))
    assert service.answer(b'{"camera":"front"}') == peek(7, "front", kind="snapshot")
    assert service.answer(b'{"camera":"back"}') == peek(3, "back", kind="snapshot")


def test_a_repeat_and_an_older_frame_are_ignored(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(5, body=FIVE))
    service.put("front", peek(5, body=b"\xff\xd8again\xff\xd9"))
    service.put("front", peek(4, body=b"\xff\xd8four\xff\xd9"))
    assert service.answer(b'{"camera":"front"}') == peek(5, kind="snapshot", body=FIVE)


def test_the_first_frame_of_another_run_is_newer_whatever_its_number(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(5000))
    service.put("front", peek(1, epoch="e2"))
    assert service.answer(b'{"camera":"front"}') == peek(1, kind="snapshot", epoch="e2")


@pytest.mark.parametrize(
    ("malformed", "reason"),
    [
        (b"", "message with 0 line ends, expected 2 or more: ''"),
        (b"peek/front\n", "message with 1 line ends, expected 2 or more: 'peek/front\\n'"),
        (b"peek/front\n{}\nJ", "FrameHeader: Object missing required field `v`"),
        (peek().replace(b'"seq":1', b'"seq":0'), "FrameHeader: Expected `int` >= 1 - at `$.seq`"),
        (peek().replace(b'"v":1', b'"v":2'), "version '2' of the wire format, this program reads version 1"),
        (
            peek().replace(b'"camera":"front"', b'"camera":"back"'),
            "header of camera back in a message for camera front",
        ),
    ],
)
def test_a_malformed_frame_is_dropped_and_counted(
    malformed: bytes, reason: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service(configured(), clock)
    service.put("front", malformed)
    assert caplog.messages == [f"1 malformed messages dropped (1 in all): {reason}"]
    assert refusal(service.answer(b'{"camera":"front"}'), "front")[0] == "no-frame"
    service.put("front", peek(2))
    service.put("front", malformed)
    assert service.answer(b'{"camera":"front"}') == peek(2, kind="snapshot")


def test_before_the_first_frame_there_is_none(clock: Clock) -> None:
    service = Service(configured(front={}, back={}), clock)
    service.put("back", peek(1, "back"))
    assert refusal(service.answer(b'{"camera":"front"}'), "front") == (
        "no-frame",
        "camera front has not given a picture yet",
    )


@pytest.mark.parametrize(
    ("idle_fps", "fresh_for"), [(1, 11), (4, 10.25), (0.1, 20), (0, 10)], ids=["1", "4", "0.1", "closed while idle"]
)
def test_a_frame_is_stale_when_the_next_one_is_long_overdue(idle_fps: float, fresh_for: float, clock: Clock) -> None:
    service = Service(configured(front={"idle_fps": idle_fps}), clock)
    service.put("front", peek())
    clock.seconds = NOW + fresh_for - 0.001
    assert service.answer(b'{"camera":"front"}') == peek(kind="snapshot")
    clock.seconds = NOW + fresh_for + 0.001
    service.publish_status("idle")
    if not idle_fps:  # closed while idle: it is woken
        assert service.request() not in service.replies()
        return
    assert refusal(service.answer(b'{"camera":"front"}'), "front") == (
        "stale",
        f"camera front has given no picture for {fresh_for:.0f} s",
    )


def test_what_counts_is_when_the_sensor_took_it(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(age=75))
    assert refusal(service.answer(b'{"camera":"front"}'), "front") == (
        "stale",
        "camera front has given no picture for 75 s",
    )
    clock.seconds += 25
    code, sentence = refusal(service.answer(b'{"camera":"front"}'), "front")
    assert code == "stale"
    assert re.fullmatch(
        r"camera front has given no picture for 100 s; "
        r"camera front is offline since \d\d:\d\d:\d\d: its process does not answer",
        sentence,
    )


def test_a_stale_camera_comes_back(clock: Clock) -> None:
    service = Service(configured(), clock)
    service.put("front", peek(1))
    clock.seconds += 3600
    assert refusal(service.answer(b'{"camera":"front"}'), "front")[0] == "stale"
    service.put("front", peek(1, epoch="e2", age=-3600))
    assert service.answer(b'{"camera":"front"}').startswith(b"snapshot/front\n")


def test_a_camera_that_is_not_configured_is_named_with_those_that_are(clock: Clock) -> None:
    service = Service(configured(front={}, back={}), clock)
    assert refusal(service.answer(b'{"camera":"garden"}'), "garden") == (
        "unknown-camera",
        "there is no camera garden; there is front, back",
    )


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (b'{"v":2,"camera":"front"}', "v: found 2; allowed: 1"),
        (b"{}", 'camera: found nothing; allowed: {"camera":"NAME"}'),
        (b'{"camera":7}', "camera: found 7; allowed: a string"),
        (b"[]", 'request: Expected `object`, got `array`; allowed: {"camera":"NAME"}'),
        (b'{"v":true,"camera":"front"}', "v: found true; allowed: 1"),
    ],
)
def test_what_is_no_request_is_told_what_is_one(request_: bytes, sentence: str) -> None:
    assert refusal(Service(configured(), Clock(NOW)).answer(request_)) == ("bad-request", sentence)


@pytest.mark.slow
@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_no_depth_of_nesting_is_an_exception(opening: bytes) -> None:
    service = Service(configured(), Clock(NOW))
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]
    for depth in (*range(1, 1200), 10_000):
        nested = opening * depth + b"1" + closing * depth
        for request in (b'{"v":%b,"camera":"front"}' % nested, b'{"camera":%b}' % nested, nested):
            assert refusal(service.answer(request))[0] == "bad-request"


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(request: bytes) -> None:
    answer = Service(configured(), Clock(NOW)).answer(request)
    assert refusal(answer)[0] in (
        "bad-request",
        "unknown-camera",
        "no-frame",
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(["v", "camera", "x"]), JSON))
def test_any_json_is_answered(request: dict[str, Any]) -> None:
    message, header = parse_message(Service(configured(), Clock(NOW)).answer(json.dumps(request).encode()), ErrorHeader)
    assert header.code in ("bad-request", "unknown-camera", "no-frame")
    assert message.body == b""


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_for_a_frame_are_ignored(noise: bytes, begun: bool) -> None:
    service = Service(configured(), Clock(NOW))
    service.put("front", b"peek/front\n" + noise if begun else noise)
    assert refusal(service.answer(b'{"camera":"front"}'), "front")[0] == "no-frame"
    service.put("front", peek())
    assert service.answer(b'{"camera":"front"}') == peek(kind="snapshot")


# What has to be made


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
    service.publish_status("idle", "closed until somebody watches")
    requester = service.request()
    assert service.service.wants_live("front")
    service.put("front", peek(1, age=-0.1))
    assert list(service.replies()) == [requester]
    clock.seconds += 60
    service.publish_status("offline", "unplugged")
    assert refusal(service.replies_to(), "front")[0] == "stale"


FULL: dict[str, Any] = {"front": {"still_size": "640x480"}}


def full(seq: int, clock: Clock, after: float = 0.0) -> bytes:
    """A frame of full size captured so many seconds from now."""
    return peek(seq, kind="full", age=NOW - clock.seconds - after)


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


# What is made of a frame


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
    assert service.service._converted_bytes <= 1000
    service.request(quality=19)
    assert list(service.service.jobs()) == [], "the last one is kept"
    service.request(quality=1)
    assert len(list(service.service.jobs())) == 1, "the first one is not"


# The past


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
    assert refusal(service.replies_to(ago=5), "front")[0] == "not-kept", (
        "by the wall clock, which these frames are not of"
    )


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


# A camera of another machine, whose clocks are not ours

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


# Cameras that say anything

HOSTILE_TIMES = (1e300, -1e300, 1e18, -1e18, 0.0, -1.0, 1.7e308, -1.7e308)


@pytest.mark.parametrize("front", [{}, FAR], ids=["here", "far"])
@pytest.mark.parametrize("key", ["captured", "monotonic", "published", "width", "height", "seq", "epoch", "dropped"])
@pytest.mark.parametrize("value", [*HOSTILE_TIMES, 2**31, 2**63, 2**200, 1, 'quoted"', "line\r\n", "x" * 100_000])
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
@pytest.mark.parametrize("value", [*HOSTILE_TIMES, None, 2**63, 2**200, "\0\r\n", "x" * 100_000])
def test_no_status_ends_the_service(key: str, value: Any, state: State, front: dict[str, Any], clock: Clock) -> None:
    service = Service(configured(front={**front, "still_size": "640x480"}, back={}), clock)
    service.publish_status(state)
    said = json.dumps({**json.loads(msgspec.json.encode(status_header(state, since=0.0, fps=10.0))), key: value})
    service.service.on_status("front", b"status/front\n" + said.encode() + b"\n")
    for parameters in ({}, {"fresh": True}, {"settle": 5}, {"full": True, "settle": "5f"}):
        service.check_reply(**parameters)
    service.put("back", peek(7, "back"))
    assert service.answer(b'{"camera":"back"}') == peek(7, "back", kind="snapshot")
