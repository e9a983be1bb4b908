"""Asking for a still, from a service that answers as the test says."""

import asyncio
import json
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zmq

from framebus import (
    ArgumentError,
    ConfigError,
    SnapshotError,
    WireError,
    request_snapshot,
    request_snapshot_async,
)
from framebus.client.snapshots import parse_reply
from framebus.protocol.wire import ErrorHeader, pack
from tests.conftest import Configure
from tests.framebus.conftest import Serve
from tests.framebus.golden.make import FRAME, JPEG, PACKED
from tests.framebus.publisher import frame_header
from tests.framebus.waiting import until
from tests.processes import DEADLINE_SECONDS, Running, wait_until

STILL = pack("snapshot", "front", FRAME, JPEG)
REFUSALS = [
    ("unknown-camera", "there is no camera back; there is front"),
    ("no-frame", "camera front has not given a picture yet"),
    ("stale", "camera front has given no picture for 12 s"),
    ("bad-request", 'camera: found nothing; allowed: {"camera":"NAME"}'),
]


@pytest.fixture
def endpoint(run_dir: Path) -> str:
    return f"ipc://{run_dir}/snapshot"


def test_a_still_comes_as_a_frame(endpoint: str, serve: Serve) -> None:
    service = serve(endpoint, lambda request: STILL)

    frame = request_snapshot("front", endpoint=endpoint)

    assert (frame.header, frame.jpeg, frame.missed, frame.same_host) == (FRAME, JPEG, 0, True)
    assert [json.loads(part) for request in service.requests for part in request] == [
        {"camera": "front", "timeout": 5.0}
    ]


def test_the_age_of_a_still_is_known(endpoint: str, serve: Serve) -> None:
    before = time.monotonic()
    serve(endpoint, lambda request: pack("snapshot", "front", frame_header(monotonic=before - 5), JPEG))

    assert 4.999 < request_snapshot("front", endpoint=endpoint).age <= 5.001 + time.monotonic() - before


def test_a_still_comes_over_tcp(free_port: int, serve: Serve) -> None:
    serve(f"tcp://127.0.0.1:{free_port}", lambda request: STILL)

    assert not request_snapshot("front", endpoint=f"tcp://127.0.0.1:{free_port}").same_host


def test_the_configuration_says_where_the_service_is(configure: Configure, serve: Serve) -> None:
    config = configure()
    serve(f"ipc://{config.run_dir}/snapshot", lambda request: STILL)

    assert request_snapshot("front", config=config.path).seq == FRAME.seq


@pytest.mark.parametrize(("code", "text"), REFUSALS)
def test_a_reason_for_no_still_is_raised(code: str, text: str, endpoint: str, serve: Serve) -> None:
    serve(endpoint, lambda request: pack("error", "front", ErrorHeader(v=1, code=code, message=text)))

    with pytest.raises(SnapshotError) as caught:
        request_snapshot("front", endpoint=endpoint)
    assert (caught.value.code, str(caught.value)) == (code, text)


def test_a_refusal_may_name_no_camera() -> None:
    with pytest.raises(SnapshotError) as caught:
        parse_reply(pack(*PACKED["error-without-camera"]))
    assert (caught.value.code, str(caught.value)) == ("bad-request", "what?")


@pytest.mark.slow
def test_silence_of_the_service_ends_in_a_timeout(endpoint: str, serve: Serve) -> None:
    serve(endpoint, lambda request: None)

    with pytest.raises(TimeoutError) as caught:
        request_snapshot("front", timeout=0.2, endpoint=endpoint)
    assert str(caught.value) == f"no answer from the snapshot service at {endpoint} within 0.2 s"


@pytest.mark.slow
def test_no_service_ends_in_a_timeout(endpoint: str) -> None:
    with pytest.raises(TimeoutError) as caught:
        request_snapshot("front", timeout=0.05, endpoint=endpoint)
    assert str(caught.value) == (
        f"no answer from the snapshot service at {endpoint} within 0.05 s: "
        f"{endpoint.removeprefix('ipc://')} does not exist; its process is not running"
    )


@pytest.mark.slow
def test_a_service_that_starts_late_still_answers(endpoint: str, serve: Serve) -> None:
    with pytest.raises(TimeoutError):
        request_snapshot("front", timeout=0.05, endpoint=endpoint)
    serve(endpoint, lambda request: STILL)

    assert request_snapshot("front", timeout=DEADLINE_SECONDS, endpoint=endpoint).seq == FRAME.seq


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"hello", "message with 0 line ends, expected 2 or more: 'hello'"),
        (pack(*PACKED["live"]), "reply of kind live, expected snapshot or error"),
        (pack(*PACKED["status"]), "reply of kind status, expected snapshot or error"),
        (b"snapshot/front\n{}\n", "FrameHeader: Object missing required field `v`"),
        (b"error/front\n{}\n", "ErrorHeader: Object missing required field `v`"),
        (b'snapshot/front\n{"v":2}\n', "version '2' of the wire format, this program reads version 1"),
    ],
)
def test_nonsense_is_a_wire_error(reply: bytes, text: str, endpoint: str, serve: Serve) -> None:
    serve(endpoint, lambda request: reply)

    with pytest.raises(WireError) as caught:
        request_snapshot("front", endpoint=endpoint)
    assert str(caught.value) == text


def test_a_req_socket_gets_its_reply_in_one_part(endpoint: str, serve: Serve) -> None:
    service = serve(endpoint, lambda request: STILL)
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.connect(endpoint)
        socket.send(b'{"camera":"front"}')
        assert socket.poll(int(DEADLINE_SECONDS * 1000))

        assert socket.recv_multipart() == [STILL]
    assert service.requests == [[b"", b'{"camera":"front"}']]


def test_a_mistake_in_the_configuration_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        request_snapshot("front", config=tmp_path / "none.toml")
    assert caught.value.mistakes == [
        f"{tmp_path}/none.toml: No such file or directory; allowed: a file that can be read"
    ]


@pytest.mark.parametrize("timeout", [None, float("nan"), "5"])
def test_a_timeout_that_is_not_a_number_is_refused(timeout: Any, endpoint: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        request_snapshot("front", timeout=timeout, endpoint=endpoint)
    assert str(caught.value) == f"timeout {timeout!r}: allowed are seconds"


# With asyncio


async def test_with_asyncio_the_request_and_the_still_are_the_same(endpoint: str, serve: Serve) -> None:
    service = serve(endpoint, lambda request: STILL)

    frame = await request_snapshot_async("front", fresh=True, settle="10f", width=640, endpoint=endpoint)
    request_snapshot("front", fresh=True, settle="10f", width=640, endpoint=endpoint)

    assert (frame.header, frame.jpeg, frame.same_host) == (FRAME, JPEG, True)
    assert service.requests[0] == service.requests[1]


async def test_with_asyncio_the_errors_are_the_same(endpoint: str, serve: Serve) -> None:
    serve(endpoint, lambda request: pack("error", "front", ErrorHeader(v=1, code="stale", message="too old")))
    with pytest.raises(SnapshotError, match=r"\Atoo old\Z"):
        await request_snapshot_async("front", endpoint=endpoint)
    with pytest.raises(ArgumentError, match="timeout 61: allowed are seconds, more than 0 and at most 60"):
        await request_snapshot_async("front", endpoint=endpoint, timeout=61)


@pytest.mark.medium
async def test_with_asyncio_the_loop_goes_on_while_a_still_is_awaited(endpoint: str, run_dir: Path) -> None:
    waiting = [asyncio.create_task(request_snapshot_async("front", endpoint=endpoint, timeout=0.1)) for _ in range(3)]
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    for error in ended:
        assert str(error) == (
            f"no answer from the snapshot service at {endpoint} within 0.1 s: "
            f"{run_dir}/snapshot does not exist; its process is not running"
        )


# Taken back


def cancelled(requests: list[list[bytes]]) -> bool:
    """Whether the last request takes back the one before it, as it had the same parts before it."""
    return len(requests) > 1 and requests[-1] == [*requests[-2][:-1], b'{"camera":"front","cancel":true}']


async def test_a_request_that_is_cancelled_is_taken_back(endpoint: str, serve: Serve) -> None:
    service = serve(endpoint, lambda request: None)

    def more_than(count: int) -> bool:
        return len(service.requests) > count

    for _ in range(3):
        before = len(service.requests)
        asking = asyncio.create_task(request_snapshot_async("front", fresh=True, endpoint=endpoint))
        await until(partial(more_than, before))
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await until(lambda: cancelled(service.requests))


@pytest.mark.medium
def test_so_is_one_that_ctrl_c_ends(endpoint: str, serve: Serve, tmp_path: Path) -> None:
    service = serve(endpoint, lambda request: None)
    program = f"from framebus import request_snapshot; request_snapshot('front', fresh=True, endpoint={endpoint!r})"
    running = Running(sys.executable, "-c", program, log=tmp_path / "log")
    try:
        wait_until(lambda: service.requests, "the request has come")
        running.process.send_signal(signal.SIGINT)
        wait_until(lambda: cancelled(service.requests), "the request is taken back")
        running.ended()
        assert running.log.endswith("KeyboardInterrupt\n")
    finally:
        running.close()


@pytest.mark.medium
async def test_one_that_was_answered_or_refused_in_time_is_not(endpoint: str, serve: Serve) -> None:
    service = serve(endpoint, lambda request: STILL if b"0.1" not in request else None)
    request_snapshot("front", endpoint=endpoint)
    await request_snapshot_async("front", endpoint=endpoint)
    with pytest.raises(TimeoutError):
        await request_snapshot_async("front", endpoint=endpoint, timeout=0.1)
    request_snapshot("front", endpoint=endpoint)
    assert not any(b"cancel" in parts[-1] for parts in service.requests)
