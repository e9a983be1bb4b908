import contextlib
import os
import socket
from pathlib import Path

import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framebus import request_snapshot
from framebus.protocol.wire import MAX_ENVELOPE_PARTS, ErrorHeader, parse
from snapshot.server import MAX_MESSAGE_BYTES
from tests.capture.jpegs import opened
from tests.capture.listener import Listener
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS
from tests.snapshot.requester import FRONT, REQUEST, Asking, answers, reply, still_of


def test_a_still_is_a_published_frame_byte_for_byte(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    answers(start, config)
    with Listener(config, "peek") as peek:
        start("capture", "front", config=config)
        published = [peek.message().split(b"\n", 1)[1]]
        still_of(config)
        asking = Asking(config)
        kind, still = asking.request(REQUEST)[-1].split(b"\n", 1)
        asking.close()
        for _ in range(20):
            published.append(peek.message().split(b"\n", 1)[1])
            if still in published:
                break
    assert still in published
    assert kind == b"snapshot/front"
    assert opened(still.split(b"\n", 1)[1]).size == (160, 120)


def test_the_still_is_the_newest_frame(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    answers(start, config)
    start("capture", "front", config=config)
    still_of(config)
    with Listener(config, "peek") as peek:
        for _ in range(5):
            seen = peek.frame().seq
            while (still := request_snapshot("front", config=config.path)).seq < seen:
                assert still.age < DEADLINE_SECONDS


def test_it_asks_for_no_more_than_the_idle_rate(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    answers(start, config)
    capture = start("capture", "front", config=config)
    for _ in range(20):
        still_of(config)
    assert "is watched" not in capture.log


def test_a_req_socket_gets_its_reply(asking: Asking) -> None:
    with asking.socket(zmq.REQ) as req:
        for _ in range(3):
            req.send(REQUEST)
            (answer,) = reply(req)
            assert answer.startswith(b'error/front\n{"v":1,"code":"no-frame"')


@pytest.mark.parametrize("envelope", [[], [b""], [b"id"], [b"a", b"", b"\0\xff"], [b"x"] * (MAX_ENVELOPE_PARTS - 1)])
def test_what_a_dealer_puts_before_its_request_comes_back(envelope: list[bytes], asking: Asking) -> None:
    *returned, answer = asking.request(*envelope, REQUEST)
    assert returned == envelope
    assert answer.startswith(b"error/front\n")


@pytest.mark.parametrize("parts", [MAX_ENVELOPE_PARTS, 20_000])
def test_too_many_parts_get_no_reply_and_do_no_harm(parts: int, asking: Asking) -> None:
    with asking.socket() as dealer:
        dealer.send_multipart([b"x"] * parts + [REQUEST])
        dealer.send_multipart([b"after", REQUEST])
        assert reply(dealer)[0] == b"after"


def test_replies_come_in_the_order_of_the_requests(asking: Asking) -> None:
    with asking.socket() as dealer:
        for number in range(10):
            dealer.send_multipart([b"%d" % number, REQUEST])
            assert reply(dealer)[0] == b"%d" % number


@pytest.mark.parametrize(
    ("request_", "code", "sentence"),
    [
        (REQUEST, "no-frame", "camera front has not given a picture yet"),
        (b'{"camera":"garden"}', "unknown-camera", "there is no camera garden; there is front"),
        (b"x" * 100_000, "bad-request", "request of 100000 bytes, allowed: at most 65536"),
        (
            b'{"v":9,"camera":"front"}',
            "bad-request",
            "v: found 9; allowed: 1",
        ),
        (
            b"",
            "bad-request",
            'request: Input data was truncated; allowed: {"camera":"NAME"}',
        ),
    ],
)
def test_a_refusal_says_why(request_: bytes, code: str, sentence: str, asking: Asking) -> None:
    assert asking.refused(request_) == (code, sentence)


def test_a_request_that_is_far_too_large_ends_its_connection_and_no_more(asking: Asking) -> None:
    with asking.socket() as bystander, asking.socket() as culprit:
        bystander.send(REQUEST)
        reply(bystander)
        culprit.send(b"x" * (MAX_MESSAGE_BYTES + 1))
        with pytest.raises(TimeoutError):
            reply(culprit, 0.5)
        culprit.send(b"x" * 1_000_000)
        with pytest.raises(TimeoutError):
            reply(culprit, 0.5)
        bystander.send(REQUEST)
        reply(bystander)
    assert asking.refused(REQUEST)[0] == "no-frame"


def test_nested_json_does_not_end_it(asking: Asking) -> None:
    with asking.socket() as dealer:
        for depth in range(300, 1100, 5):
            dealer.send(b'{"v":' + b'{"a":' * depth + b"1" + b"}" * depth + b',"camera":"front"}')
            assert parse(reply(dealer)[-1], ErrorHeader)[1].code == "bad-request"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=100), min_size=1, max_size=12))
def test_any_request_is_answered(asking: Asking, parts: list[bytes]) -> None:
    with asking.socket() as dealer:
        dealer.send_multipart(parts)
        dealer.send_multipart([b"after that", REQUEST])
        while (answer := reply(dealer))[0] != b"after that":
            assert parse(answer[-1], ErrorHeader)[1].code in ("bad-request", "unknown-camera", "no-frame")
        assert answer[1].startswith(b'error/front\n{"v":1,"code":"no-frame"')


def test_no_zeromq_at_all_does_not_end_it(asking: Asking, run_dir: Path) -> None:
    for noise in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\xff" + bytes(8) + b"\x7f\x03\0NULL" + bytes(99)):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(run_dir / "snapshot"))
            with contextlib.suppress(BrokenPipeError):
                peer.sendall(noise)
    assert asking.refused(REQUEST)[0] == "no-frame"


def test_a_requester_that_never_reads_delays_no_other(asking: Asking) -> None:
    with asking.socket() as deaf:
        deaf.setsockopt(zmq.SNDTIMEO, 100)
        with contextlib.suppress(zmq.Again):
            for _ in range(5000):
                deaf.send(REQUEST)
        for _ in range(20):
            assert asking.refused(REQUEST)[0] == "no-frame"
