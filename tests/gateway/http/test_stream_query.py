"""The parameters of a stream."""

import pytest

from gateway.http.stream_query import StreamQuery, parse_query
from gateway.net.errors import HttpError
from gateway.viewers.camera_watch import Wanted


def test_parameters_are_read_and_others_are_ignored() -> None:
    assert parse_query({"width": "640", "fps": "2.5", "action": "stream"}) == StreamQuery(width=640, fps=2.5)
    assert parse_query({}) == StreamQuery()
    assert StreamQuery(width=640, fps=5).wanted == Wanted(640, 5)
    assert parse_query({"adapt": "1"}).wanted == Wanted(adapt=True)
    assert parse_query({"adapt": "0"}).wanted == Wanted()


def test_an_empty_value_is_ignored() -> None:
    assert parse_query({"width": "", "fps": ""}) == StreamQuery()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("width", "0", "pixels, a number from 1 to 65535"),
        ("width", "wide", "pixels, a number from 1 to 65535"),
        ("width", "nan", "pixels, a number from 1 to 65535"),
        ("adapt", "yes please", "1 for frames that get smaller where the link is too slow, 0 for none"),
        ("fps", "-1", "frames a second, a number from 0.001 to 240"),
        ("fps", "1e999", "frames a second, a number from 0.001 to 240"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(name: str, value: str, allowed: str) -> None:
    with pytest.raises(HttpError) as refused:
        parse_query({name: value})
    assert (refused.value.status_code, refused.value.code) == (400, "bad-request")
    assert refused.value.message == f"{name}: found {value!r}; allowed: {allowed}"
