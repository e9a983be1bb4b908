import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.protocol.wire import (
    ErrorHeader,
)
from framebus.protocol.wire import parse as parse_message
from tests.clock import Clock
from tests.snapshot.service import NOW, Service, configured, peek, refusal

FIVE = b"\xff\xd8five\xff\xd9"


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
