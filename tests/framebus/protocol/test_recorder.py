"""Requests to the recorder: what is taken, and the sentence with which the rest is refused."""

import pickle

import pytest

from framebus.protocol.recorder import RecorderError, RecorderRequest, encode, parse_request
from framebus.protocol.wire import CAMERA_ALLOWED

KEEP = "keep: allowed with begin and end in Unix seconds, begin not after end"


@pytest.mark.parametrize(
    "request_",
    [
        RecorderRequest(camera="front"),
        RecorderRequest(camera="front", action="start"),
        RecorderRequest(camera="front", action="start", seconds=0.5),
        RecorderRequest(camera="front", action="stop"),
        RecorderRequest(camera="front", action="keep", begin=1.0, end=1.0),
        RecorderRequest(camera="front", action="release", begin=0, end=2),
    ],
)
def test_a_request_is_read_back(request_: RecorderRequest) -> None:
    assert parse_request(encode(request_)) == request_


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"{", 'request: Input data was truncated; allowed: {"camera":"NAME","action":"status"}'),
        (
            b'{"camera":"front","acton":"start"}',
            '"acton": no such parameter; allowed: v, camera, action, seconds, begin, end; did you mean "action"?',
        ),
        (b"{}", "request: Object missing required field `camera`"),
        (b'{"camera":"Front"}', f'camera: found "Front"; allowed: {CAMERA_ALLOWED}'),
        (b'{"camera":"front","seconds":5}', "seconds: found beside status; allowed: beside start"),
        (
            b'{"camera":"front","action":"start","begin":5}',
            "begin and end: found beside start; allowed: beside keep and release",
        ),
        (b'{"camera":"front","action":"keep","begin":5}', KEEP),
        (b'{"camera":"front","action":"keep","begin":5,"end":4}', KEEP),
        (b'{"camera":"front","action":"start","seconds":0}', "request: Expected `float` > 0.0 - at `$.seconds`"),
        (b'"' + b"x" * 65536 + b'"', "request of 65538 bytes, allowed: at most 65536"),
    ],
)
def test_what_is_malformed_is_refused(message: bytes, text: str) -> None:
    with pytest.raises(RecorderError) as error:
        parse_request(message)
    assert (error.value.code, str(error.value)) == ("bad-request", text)


def test_the_error_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(RecorderError("off", "it is off")))

    assert (error.code, str(error)) == ("off", "it is off")
