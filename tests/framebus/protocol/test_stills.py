"""Requests for stills and clips: what is read from JSON and from the query of a URL, and what is refused."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.protocol.stills import (
    MAX_SETTLE_FRAMES,
    SETTLE_ALLOWED,
    CancelRequest,
    ClipRequest,
    RequestError,
    SnapshotRequest,
    clip_from_query,
    from_query,
    parse_request,
)
from framebus.protocol.wire import CAMERA_ALLOWED, MAX_COUNT, MAX_REQUEST_BYTES, MAX_UNIX_SECONDS

SNAPSHOT_KEYS = (
    "v, camera, max_age, fresh, settle, timeout, width, height, quality, orientation, at, ago, full"  # in this order
)
SECONDS = "seconds from 0 to 86400"
PIXELS = "pixels, a whole number from 1 to 8192"
SWITCH = "true or false"


def asked(**parameters: Any) -> bytes:
    """A request for camera front, as JSON."""
    return json.dumps({"camera": "front", **parameters}).encode()


def refusal(message: bytes) -> str:
    """Why a request is refused."""
    with pytest.raises(RequestError) as caught:
        parse_request(message)
    return str(caught.value)


# Stills


def test_a_camera_alone_asks_for_its_newest_frame() -> None:
    assert parse_request(asked()) == SnapshotRequest(camera="front")
    assert parse_request(b' { "v" : 1 , "camera" : "fron\\u0074" }\r\n') == SnapshotRequest(camera="front")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("max_age", [0, 0.5, 86400]),
        ("fresh", [True]),
        ("settle", [0.5, 60, "10f"]),
        ("timeout", [0.001, 60]),
        ("width", [1, 8192]),
        ("height", [1, 8192]),
        ("quality", [1, 100]),
        ("orientation", ["upright"]),
        ("at", [0, MAX_UNIX_SECONDS]),
        ("ago", [0, 86400]),
        ("full", [True]),
    ],
)
def test_every_parameter_is_taken_up_to_its_limits(name: str, values: list[Any]) -> None:
    for value in values:
        assert getattr(parse_request(asked(**{name: value})), name) == value


@pytest.mark.parametrize(
    ("name", "values", "allowed"),
    [
        ("v", [2, 0, True, "1", None], "1"),
        ("max_age", [-0.1, 86401, "5", True], SECONDS),
        ("fresh", [1, "true", None], SWITCH),
        ("settle", [-1.5, 60.1, "0f", "601f", "1000f", "f", "soon", "1m", "", "nan", "inf", True], SETTLE_ALLOWED),
        ("timeout", [0, -1, 60.5, "5", None], "seconds, more than 0 and at most 60"),
        ("width", [0, 8193, 1.5, "640", True], PIXELS),
        ("height", [0, 8193, -1], PIXELS),
        ("quality", [0, 101, 80.5, "80"], "a whole number from 1 to 100"),
        ("orientation", ["sideways", 1, ""], "upright"),
        ("at", [-1, MAX_UNIX_SECONDS + 1, "now"], "Unix seconds, up to the year 3000"),
        ("ago", [-1, 86401], SECONDS),
        ("full", [0, "full"], SWITCH),
    ],
)
def test_a_value_beyond_the_limits_is_refused_with_what_is_allowed(name: str, values: list[Any], allowed: str) -> None:
    for value in values:
        found = msgspec.json.encode(value).decode()
        assert refusal(asked(**{name: value})) == f"{name}: found {found}; allowed: {allowed}"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400, "NaN", "Infinity"])
def test_a_number_that_is_none_for_json_is_refused(number: str) -> None:
    refusal(b'{"camera":"front","max_age":%b}' % number.encode())


@pytest.mark.parametrize(
    ("text", "settle", "seconds", "frames"),
    [
        ("1.5", 1.5, 1.5, 0),
        (" 2S ", 2.0, 2.0, 0),
        ("0", 0.0, 0.0, 0),
        ("60s", 60.0, 60.0, 0),
        ("10f", "10f", 0.0, 10),
        ("007 Frames", "7f", 0.0, 7),
        ("1 frame", "1f", 0.0, 1),
        (f"{MAX_SETTLE_FRAMES}f", "600f", 0.0, 600),
    ],
)
def test_settle_is_seconds_or_frames(text: str, settle: float | str, seconds: float, frames: int) -> None:
    request = from_query("front", {"settle": text})

    assert (request.settle, request.settle_seconds, request.settle_frames) == (settle, seconds, frames)
    assert parse_request(asked(settle=text)) == request


@pytest.mark.parametrize("parameter", [{"width": 1}, {"height": 1}, {"quality": 80}, {"orientation": "upright"}])
def test_a_size_a_quality_and_an_orientation_take_a_conversion(parameter: dict[str, Any]) -> None:
    request = parse_request(asked(**parameter))

    assert isinstance(request, SnapshotRequest)
    assert request.converts


def test_no_other_parameter_takes_a_conversion() -> None:
    request = parse_request(asked(max_age=1, fresh=True, settle=1, timeout=1, full=True))

    assert isinstance(request, SnapshotRequest)
    assert not request.converts


def test_the_past_is_asked_for_in_one_way() -> None:
    assert refusal(asked(at=5, ago=5)) == "at and ago: found both; allowed: one of them"
    assert refusal(asked(at=0, ago=0)) == "at and ago: found both; allowed: one of them"


@pytest.mark.parametrize("beside", [{"fresh": True}, {"full": True}, {"max_age": 1}, {"max_age": 0}])
@pytest.mark.parametrize("past", ["at", "ago"])
def test_a_frame_of_the_past_is_not_made_now(past: str, beside: dict[str, Any]) -> None:
    assert refusal(asked(**{past: 5}, **beside)) == (
        "at and ago: found fresh, full or max_age beside them; allowed: a frame of the past as it is"
    )


def test_a_frame_of_the_past_may_be_converted() -> None:
    assert parse_request(asked(ago=5, width=640)) == SnapshotRequest(camera="front", ago=5, width=640)


def test_defaults_are_left_out_where_a_request_is_sent_on() -> None:
    request = parse_request(asked(fresh=False, timeout=5, settle=0, width=640))

    assert msgspec.json.encode(request) == b'{"camera":"front","width":640}'


# Any request


@pytest.mark.parametrize("request_", [b"", b"front", b"\xff\xfe", b"{", b'{"camera":"\xff"}', b'{"camera":"front"}x'])
def test_a_request_that_is_not_json_is_refused_with_an_example(request_: bytes) -> None:
    text = refusal(request_)

    assert text.startswith("request: ")
    assert text.endswith('; allowed: {"camera":"NAME"}')


def test_a_request_without_a_camera_is_refused_with_an_example() -> None:
    assert refusal(b'{"fresh":true}') == 'camera: found nothing; allowed: {"camera":"NAME"}'


@pytest.mark.parametrize("name", ["", "Front", "front\n", "-front", "a" * 33, "fr\u00f6nt", "../front", "front\0"])
@pytest.mark.parametrize("parameters", [{}, {"clip": "avi"}, {"cancel": True}])
def test_an_invalid_camera_name_is_refused(name: str, parameters: dict[str, Any]) -> None:
    found = msgspec.json.encode(name).decode()

    assert refusal(asked(**{"camera": name, **parameters})) == f"camera: found {found}; allowed: {CAMERA_ALLOWED}"


def test_only_the_beginning_of_a_long_value_is_repeated() -> None:
    assert refusal(asked(camera="x" * 60_000)) == f'camera: found "{"x" * 39}\u2026; allowed: {CAMERA_ALLOWED}'
    assert refusal(asked(orientation="x" * 60_000)) == f'orientation: found "{"x" * 39}\u2026; allowed: upright'


def test_a_request_may_have_the_maximum_size_and_no_more() -> None:
    assert parse_request(asked().ljust(MAX_REQUEST_BYTES)) == SnapshotRequest(camera="front")
    assert refusal(asked().ljust(MAX_REQUEST_BYTES + 1)) == "request of 65537 bytes, allowed: at most 65536"


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"widht": 5}, f'"widht": no such parameter; allowed: {SNAPSHOT_KEYS}; did you mean "width"?'),
        ({"": 1}, f'"": no such parameter; allowed: {SNAPSHOT_KEYS}'),
        ({"x" * 60: 1}, f'"{"x" * 39}\u2026: no such parameter; allowed: {SNAPSHOT_KEYS}'),
        (
            {"clip": "avi", "fresh": True},
            '"fresh": no such parameter; allowed: v, camera, clip, seconds, id, offset, end',
        ),
        ({"cancel": True, "fresh": True}, '"fresh": no such parameter; allowed: v, camera, cancel'),
    ],
)
def test_an_unknown_parameter_is_refused_with_those_that_exist(parameters: dict[str, Any], text: str) -> None:
    assert refusal(asked(**parameters)) == text


# Clips, and requests that are taken back


def test_a_clip_is_asked_for_page_by_page() -> None:
    assert parse_request(asked(clip="avi")) == ClipRequest(camera="front", clip="avi")
    assert parse_request(asked(clip="mjpg", seconds=3600, id="a" * 64, offset=MAX_COUNT, end=True)) == ClipRequest(
        camera="front", clip="mjpg", seconds=3600, id="a" * 64, offset=MAX_COUNT, end=True
    )


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("clip", "mp4", "mjpg or avi"),
        ("clip", None, "mjpg or avi"),
        ("seconds", 0, "seconds, more than 0 and at most 3600"),
        ("seconds", 3601, "seconds, more than 0 and at most 3600"),
        ("id", 5, "the id of a clip that was asked for"),
        ("offset", -1, "bytes, a whole number from 0"),
        ("offset", MAX_COUNT + 1, "bytes, a whole number from 0"),
        ("end", 1, SWITCH),
    ],
)
def test_a_clip_beyond_the_limits_is_refused(name: str, value: Any, allowed: str) -> None:
    found = msgspec.json.encode(value).decode()

    assert refusal(asked(**{"clip": "avi", name: value})) == f"{name}: found {found}; allowed: {allowed}"


def test_the_id_of_a_clip_is_at_most_64_characters_long() -> None:
    assert refusal(asked(clip="avi", id="a" * 65)).endswith("; allowed: the id of a clip that was asked for")


def test_a_request_is_taken_back() -> None:
    assert parse_request(asked(cancel=True)) == CancelRequest(camera="front", cancel=True)


@pytest.mark.parametrize("value", [False, 1, "true", None])
def test_a_request_is_taken_back_with_true_alone(value: Any) -> None:
    assert refusal(asked(cancel=value)) == f"cancel: found {msgspec.json.encode(value).decode()}; allowed: true"


# The query of a URL


def test_a_query_says_the_same_as_json() -> None:
    query = {"max_age": "1.5", "width": "320", "quality": "80", "orientation": "upright", "timeout": "2", "fresh": "1"}

    assert from_query("front", query) == SnapshotRequest(
        camera="front", max_age=1.5, width=320, quality=80, orientation="upright", timeout=2, fresh=True
    )


@pytest.mark.parametrize(("value", "fresh"), [("", True), ("1", True), ("true", True), ("0", False), ("false", False)])
def test_a_switch_in_a_query_may_stand_without_a_value(value: str, fresh: bool) -> None:
    assert from_query("front", {"fresh": value, "full": value}) == SnapshotRequest(
        camera="front", fresh=fresh, full=fresh
    )


def test_other_parameters_of_a_query_are_ignored_and_the_camera_is_that_of_the_path() -> None:
    query = {"action": "snapshot", "1234567": "", "v": "9", "camera": "yard", "clip": "avi"}

    assert from_query("front", query) == SnapshotRequest(camera="front")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"width": "wide"}, f'width: found "wide"; allowed: {PIXELS}'),
        ({"width": ""}, f'width: found ""; allowed: {PIXELS}'),
        ({"fresh": "maybe"}, f'fresh: found "maybe"; allowed: {SWITCH}'),
        ({"settle": "soon"}, f'settle: found "soon"; allowed: {SETTLE_ALLOWED}'),
        ({"max_age": "nan"}, f'max_age: found "nan"; allowed: {SECONDS}'),
        ({"timeout": "inf"}, 'timeout: found "inf"; allowed: seconds, more than 0 and at most 60'),
        ({"at": "5", "ago": "5"}, "at and ago: found both; allowed: one of them"),
    ],
)
def test_a_mistake_in_a_query_is_named(query: dict[str, str], text: str) -> None:
    with pytest.raises(RequestError) as caught:
        from_query("front", query)
    assert str(caught.value) == text


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from([*SnapshotRequest.__struct_fields__, "x"]), st.text(max_size=12)))
def test_any_query_is_a_request_or_a_sentence(query: dict[str, str]) -> None:
    try:
        request = from_query("front", query)
    except RequestError as error:
        assert len(str(error)) < 300  # noqa: PT017  (some queries are requests)
        return
    assert request.camera == "front"
    assert msgspec.json.decode(msgspec.json.encode(request), type=SnapshotRequest) == request


def test_a_clip_is_asked_for_in_a_query() -> None:
    assert clip_from_query("front", "avi", {"seconds": "2.5", "id": "x", "offset": "7"}) == ClipRequest(
        camera="front", clip="avi", seconds=2.5
    )
    with pytest.raises(
        RequestError, match=r'\Aseconds: found "long"; allowed: seconds, more than 0 and at most 3600\Z'
    ):
        clip_from_query("front", "avi", {"seconds": "long"})
    with pytest.raises(RequestError, match=r'\Aclip: found "mp4"; allowed: mjpg or avi\Z'):
        clip_from_query("front", "mp4", {})


@pytest.mark.parametrize(
    ("request_text", "sentence"),
    [
        ('{"camera":5}', "camera: found 5; allowed: a string"),
        (
            json.dumps({"camera": "front", "settle": "y" * 60}),
            f'settle: found "{"y" * 39}\u2026; allowed: {SETTLE_ALLOWED}',
        ),
    ],
)
def test_the_sentence_says_what_is_allowed_and_quotes_little(request_text: str, sentence: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_request(request_text.encode())
    assert str(refused.value) == sentence
