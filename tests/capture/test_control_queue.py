"""Requests for controls wait in order for the camera's thread, and every reply finds its way back."""

import json
from pathlib import Path

import pytest

from capture.control_queue import MAX_PENDING_REQUESTS, ControlQueue, ControlRequest
from capture.control_service import ControlService, file_of
from capture.source import SourceError
from framebus.client.controls import parse_reply
from framebus.protocol.controls import ControlError
from tests.capture.controlled_source import ControlledSource


@pytest.fixture
def service(tmp_path: Path) -> ControlService:
    return ControlService("front", {}, file_of(tmp_path / "state", "front"))


def request(number: int, **asked: object) -> ControlRequest:
    return ControlRequest([b"requester-%d" % number, b""], json.dumps(asked).encode())


def test_a_queue_is_true_while_a_request_waits(service: ControlService) -> None:
    queue = ControlQueue(service, lambda: None)
    assert not queue
    assert queue.put(request(1))
    assert queue
    queue.answer_next(ControlledSource())
    assert not queue


def test_requests_are_answered_in_order_and_each_reply_keeps_its_envelope(service: ControlService) -> None:
    source, queue = ControlledSource(), ControlQueue(service, lambda: None)
    for number in range(3):
        queue.put(request(number, set={"brightness": number}))
    for _ in range(3):
        queue.answer_next(source)
    assert [told["brightness"] for told in source.told] == [0, 1, 2]
    replies = queue.replies()
    assert [reply.envelope for reply in replies] == [[b"requester-%d" % number, b""] for number in range(3)]
    brightness = [parse_reply(reply.message)[0].value for reply in replies]
    assert brightness == [0, 1, 2]


def test_a_reply_is_given_out_once(service: ControlService) -> None:
    queue = ControlQueue(service, lambda: None)
    queue.put(request(1))
    queue.answer_next(ControlledSource())
    assert len(queue.replies()) == 1
    assert queue.replies() == []


def test_the_loop_is_notified_of_every_reply_once_it_is_there(service: ControlService) -> None:
    ready: list[int] = []
    queue = ControlQueue(service, lambda: ready.append(len(queue.replies())))
    queue.put(request(1))
    queue.put(request(2))
    assert ready == []
    queue.answer_next(ControlledSource())
    queue.reply_next(b"refused")
    queue.reply(request(3), b"refused")
    assert ready == [1, 1, 1]


def test_one_request_more_than_the_limit_is_not_taken(service: ControlService) -> None:
    queue = ControlQueue(service, lambda: None)
    assert all(queue.put(request(number)) for number in range(MAX_PENDING_REQUESTS))
    assert not queue.put(request(MAX_PENDING_REQUESTS))
    queue.reply_next(b"refused")
    assert queue.put(request(MAX_PENDING_REQUESTS + 1))
    for _ in range(MAX_PENDING_REQUESTS):
        queue.reply_next(b"refused")
    assert not queue
    assert [reply.envelope[0] for reply in queue.replies()][-2:] == [b"requester-15", b"requester-17"]


def test_replies_that_wait_do_not_count_as_requests(service: ControlService) -> None:
    queue = ControlQueue(service, lambda: None)
    for number in range(3 * MAX_PENDING_REQUESTS):
        assert queue.put(request(number))
        queue.answer_next(ControlledSource())
    assert len(queue.replies()) == 3 * MAX_PENDING_REQUESTS


def test_a_request_stays_when_the_camera_goes_away_and_can_then_be_refused(service: ControlService) -> None:
    source, queue = ControlledSource(), ControlQueue(service, lambda: None)
    source.is_gone = True
    queue.put(request(1))
    queue.put(request(2))
    with pytest.raises(SourceError, match="scripted: gone"):
        queue.answer_next(source)
    assert queue.replies() == []
    queue.reply_next(service.refusal("unavailable", "the camera is offline"))
    [refused] = queue.replies()
    assert refused.envelope == request(1).envelope
    with pytest.raises(ControlError, match="the camera is offline"):
        parse_reply(refused.message)
    source.is_gone = False
    queue.answer_next(source)
    assert queue.replies()[0].envelope == request(2).envelope


def test_a_request_that_makes_no_sense_is_answered_and_does_not_stay(service: ControlService) -> None:
    queue = ControlQueue(service, lambda: None)
    queue.put(ControlRequest([b"requester"], b"\xff{"))
    queue.answer_next(ControlledSource())
    assert not queue
    with pytest.raises(ControlError):
        parse_reply(queue.replies()[0].message)
