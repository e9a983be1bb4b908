import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.config import Config, parse
from framebus.wire import CAMERA_ALLOWED, MAX_REQUEST_BYTES, ErrorHeader, FrameHeader, Kind, pack
from framebus.wire import parse as parse_message
from snapshot.cache import Cache

NOW = 5000.0


class Clock:
    """CLOCK_MONOTONIC, moved by a test."""

    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


FIVE = b"\xff\xd8five"


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
    body: bytes = b"\xff\xd8J",
) -> bytes:
    """A frame as a capture publishes it."""
    header = FrameHeader(
        v=1,
        camera=camera,
        seq=seq,
        epoch=epoch,
        captured=1.0,
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
    cache = Cache(configured(), clock)
    for seq in (1, 2, 3):
        cache.put("front", peek(seq, body=b"\xff\xd8\n\n%d\xff\xd9" % seq))
        assert cache.answer(b'{"camera":"front"}') == peek(seq, kind="snapshot", body=b"\xff\xd8\n\n%d\xff\xd9" % seq)


@pytest.mark.parametrize(
    "request_", [b'{"camera":"front"}', b' { "v" : 1 , "camera" : "front" }\r\n', b'{"camera":"fron\\u0074"}']
)
def test_every_way_of_writing_a_request_is_understood(request_: bytes) -> None:
    cache = Cache(configured(), Clock())
    cache.put("front", peek())
    assert cache.answer(request_).startswith(b"snapshot/front\n")


def test_cameras_are_kept_apart(clock: Clock) -> None:
    cache = Cache(configured(front={}, back={}), clock)
    cache.put("front", peek(7, "front"))
    cache.put("back", peek(3, "back"))
    assert cache.answer(b'{"camera":"front"}') == peek(7, "front", kind="snapshot")
    assert cache.answer(b'{"camera":"back"}') == peek(3, "back", kind="snapshot")


def test_a_repeat_and_an_older_frame_are_passed_over(clock: Clock) -> None:
    cache = Cache(configured(), clock)
    cache.put("front", peek(5, body=FIVE))
    cache.put("front", peek(5, body=b"\xff\xd8again"))
    cache.put("front", peek(4, body=b"\xff\xd8four"))
    assert cache.answer(b'{"camera":"front"}') == peek(5, kind="snapshot", body=FIVE)


def test_the_first_frame_of_another_run_is_newer_whatever_its_number(clock: Clock) -> None:
    cache = Cache(configured(), clock)
    cache.put("front", peek(5000))
    cache.put("front", peek(1, epoch="e2"))
    assert cache.answer(b'{"camera":"front"}') == peek(1, kind="snapshot", epoch="e2")


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
def test_what_is_no_frame_is_dropped_and_counted(
    malformed: bytes, reason: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    cache = Cache(configured(), clock)
    cache.put("front", malformed)
    assert caplog.messages == [f"1 malformed messages dropped (1 in all): {reason}"]
    assert refusal(cache.answer(b'{"camera":"front"}'), "front")[0] == "no-frame"
    cache.put("front", peek(2))
    cache.put("front", malformed)
    assert cache.answer(b'{"camera":"front"}') == peek(2, kind="snapshot")


def test_before_the_first_frame_there_is_none(clock: Clock) -> None:
    cache = Cache(configured(front={}, back={}), clock)
    cache.put("back", peek(1, "back"))
    assert refusal(cache.answer(b'{"camera":"front"}'), "front") == (
        "no-frame",
        "camera front has not given a picture yet",
    )


@pytest.mark.parametrize(
    ("idle_fps", "fresh_for"), [(1, 11), (4, 10.25), (0.1, 20), (0, 10)], ids=["1", "4", "0.1", "closed while idle"]
)
def test_a_frame_is_stale_when_the_next_one_is_long_overdue(idle_fps: float, fresh_for: float, clock: Clock) -> None:
    cache = Cache(configured(front={"idle_fps": idle_fps}), clock)
    cache.put("front", peek())
    clock.seconds = NOW + fresh_for - 0.001
    assert cache.answer(b'{"camera":"front"}') == peek(kind="snapshot")
    clock.seconds = NOW + fresh_for + 0.001
    assert refusal(cache.answer(b'{"camera":"front"}'), "front") == (
        "stale",
        f"camera front has given no picture for {fresh_for:.0f} s",
    )


def test_what_counts_is_when_the_sensor_took_it(clock: Clock) -> None:
    cache = Cache(configured(), clock)
    cache.put("front", peek(age=75))
    assert refusal(cache.answer(b'{"camera":"front"}'), "front") == (
        "stale",
        "camera front has given no picture for 75 s",
    )


def test_a_stale_camera_comes_back(clock: Clock) -> None:
    cache = Cache(configured(), clock)
    cache.put("front", peek(1))
    clock.seconds += 3600
    assert refusal(cache.answer(b'{"camera":"front"}'), "front")[0] == "stale"
    cache.put("front", peek(1, epoch="e2", age=-3600))
    assert cache.answer(b'{"camera":"front"}').startswith(b"snapshot/front\n")


def test_a_camera_that_is_not_configured_is_named_with_those_that_are(clock: Clock) -> None:
    cache = Cache(configured(front={}, back={}), clock)
    assert refusal(cache.answer(b'{"camera":"garden"}'), "garden") == (
        "unknown-camera",
        "there is no camera garden; there is front, back",
    )


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (b'{"v":2,"camera":"front"}', "version '2' of the wire format, this program reads version 1"),
        (b"{}", "SnapshotRequest: Object missing required field `camera`"),
        (b'{"camera":7}', "SnapshotRequest: Expected `str`, got `int` - at `$.camera`"),
        (b'{"camera":"front","size":"1x1"}', "SnapshotRequest: Object contains unknown field `size`"),
        (b"[]", "SnapshotRequest: Expected `object`, got `array`"),
        (b'{"v":true,"camera":"front"}', "SnapshotRequest: Expected `int`, got `bool` - at `$.v`"),
    ],
)
def test_what_is_no_request_is_told_what_is_one(request_: bytes, sentence: str) -> None:
    assert refusal(Cache(configured(), Clock()).answer(request_)) == (
        "bad-request",
        f'{sentence}; allowed: {{"camera":"NAME"}}',
    )


@pytest.mark.parametrize("request_", [b"", b"front", b"\xff\xfe", b"{", b'{"camera":"\xff"}', b'{"camera":"front"}x'])
def test_what_is_no_json_is_told_so(request_: bytes) -> None:
    code, sentence = refusal(Cache(configured(), Clock()).answer(request_))
    assert code == "bad-request"
    assert sentence.startswith("SnapshotRequest: ")
    assert sentence.endswith('; allowed: {"camera":"NAME"}')


@pytest.mark.parametrize("name", ["", "Front", "front\n", "-front", "a" * 33, "frönt", "../front", "front\0"])
def test_a_name_that_no_camera_can_have_is_told_so(name: str) -> None:
    request = json.dumps({"camera": name}).encode()
    assert refusal(Cache(configured(), Clock()).answer(request)) == (
        "bad-request",
        f"camera {name!a}; allowed: {CAMERA_ALLOWED}",
    )


def test_of_a_long_name_only_the_beginning_is_repeated() -> None:
    request = json.dumps({"camera": "x" * 60_000}).encode()
    assert refusal(Cache(configured(), Clock()).answer(request)) == (
        "bad-request",
        f"camera '{'x' * 40}'; allowed: {CAMERA_ALLOWED}",
    )


def test_a_request_that_is_too_large_is_not_even_read() -> None:
    cache = Cache(configured(), Clock())
    cache.put("front", peek())
    request = b'{"camera":"front"}'
    assert cache.answer(request.ljust(MAX_REQUEST_BYTES)).startswith(b"snapshot/front\n")
    assert refusal(cache.answer(request.ljust(MAX_REQUEST_BYTES + 1))) == (
        "bad-request",
        "request of 65537 bytes, allowed: at most 65536",
    )


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_no_depth_of_nesting_is_an_exception(opening: bytes) -> None:
    cache = Cache(configured(), Clock())
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]
    for depth in (*range(1, 1200), 10_000):
        nested = opening * depth + b"1" + closing * depth
        for request in (b'{"v":%b,"camera":"front"}' % nested, b'{"camera":%b}' % nested, nested):
            assert refusal(cache.answer(request))[0] == "bad-request"


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(request: bytes) -> None:
    assert refusal(Cache(configured(), Clock()).answer(request))[0] in ("bad-request", "unknown-camera", "no-frame")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["v", "camera", "x"]), JSON))
def test_any_json_is_answered(request: dict[str, Any]) -> None:
    message, header = parse_message(Cache(configured(), Clock()).answer(json.dumps(request).encode()), ErrorHeader)
    assert header.code in ("bad-request", "unknown-camera", "no-frame")
    assert message.body == b""


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_for_a_frame_are_passed_over(noise: bytes, begun: bool) -> None:
    cache = Cache(configured(), Clock())
    cache.put("front", b"peek/front\n" + noise if begun else noise)
    assert refusal(cache.answer(b'{"camera":"front"}'), "front")[0] == "no-frame"
    cache.put("front", peek())
    assert cache.answer(b'{"camera":"front"}') == peek(kind="snapshot")
