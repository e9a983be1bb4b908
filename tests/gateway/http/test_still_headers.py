"""The headers of a still."""

import pytest

from framebus.protocol.frame import Frame
from framebus.protocol.stills import SnapshotRequest
from gateway.http.still_headers import MAX_AGE_SECONDS, MAX_EPOCH, etag, headers, matches
from tests.gateway.camera import jpeg
from tests.headers import frame_header


def test_a_tag_names_the_frame_and_what_was_made_of_it() -> None:
    frame = Frame(frame_header("front", 7), jpeg())
    wishes = [
        {},
        {"width": 1},
        {"height": 1},
        {"quality": 1},
        {"orientation": "upright"},
        {"full": True},
        {"width": 1, "quality": 1},
    ]
    tags = {etag(frame, SnapshotRequest(camera="front", **wish)) for wish in wishes}  # type: ignore[arg-type]
    assert len(tags) == len(wishes)
    assert etag(frame, SnapshotRequest(camera="front", fresh=True, timeout=3)) == '"e1-7"'


@pytest.mark.parametrize(
    ("given_", "found"), [("", False), ('"a"', True), ('"b", "a"', True), ('W/"a"', True), ("*", True), ("a", False)]
)
def test_a_condition_is_understood(given_: str, found: bool) -> None:
    assert matches(given_, '"a"') is found


FRONT = SnapshotRequest(camera="front")


@pytest.mark.parametrize(
    ("epoch", "tag"),
    [("", '"-7"'), ('a"b', '"ab-7"'), ("a\r\nb: c", '"ab:c-7"'), ("ö€", '"-7"'), ("e" * 500, f'"{"e" * MAX_EPOCH}-7"')],
)
def test_a_tag_holds_only_what_a_header_may(epoch: str, tag: str) -> None:
    assert etag(Frame(frame_header("front", 7, epoch=epoch), b""), FRONT) == tag


def test_a_tag_names_each_conversion() -> None:
    request = SnapshotRequest(camera="front", width=1, height=2, quality=3, orientation="upright", full=True)
    assert etag(Frame(frame_header("front", 7), b""), request) == '"e1-7-w1-h2-q3-up-full"'


@pytest.mark.parametrize(
    ("monotonic", "age"), [(1e9, "0"), (-1e300, str(MAX_AGE_SECONDS)), (float("-inf"), str(MAX_AGE_SECONDS))]
)
def test_an_age_that_no_clock_can_have_is_limited(monotonic: float, age: str) -> None:
    assert headers(Frame(frame_header("front", 7, monotonic=monotonic), b""), FRONT)["Age"] == age


@pytest.mark.parametrize("captured", [1e300, -1e300, float("inf"), float("nan"), 1e18])
def test_a_time_without_a_date_is_that_of_the_epoch(captured: float) -> None:
    made = headers(Frame(frame_header("front", 7, captured=captured), b""), FRONT)
    assert made["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("condition", "is_named"),
    [(' "a" ', True), ('"b",W/"a"', True), ('"b", *', True), ('w/"a"', False), ('"A"', False), (",,", False)],
)
def test_a_list_of_tags_is_read_with_any_spaces(condition: str, is_named: bool) -> None:
    assert matches(condition, '"a"') is is_named
