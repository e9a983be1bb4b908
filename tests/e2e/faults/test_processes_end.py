"""SIGTERM: each process ends soon, takes leave of who is connected, and leaves nothing in the way of the next."""

import os
import signal
import socket
import time

import pytest
from tornado.websocket import websocket_connect

from tests.conftest import Start
from tests.e2e.conftest import Pipeline
from tests.e2e.faults.conftest import SLACK_SECONDS, Watched
from tests.e2e.faults.test_processes_die import PARTS
from tests.processes import wait_until

END_SECONDS = 2.0
GOING_AWAY = 1001
"""Of RFC 6455, section 7.4.1."""


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("part", "keeps"), [("capture", "mjpeg page zeromq"), ("gateway", "zeromq"), ("snapshot", "mjpeg page zeromq")]
)
def test_each_ends_within_two_seconds(part: str, keeps: str, pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    pid = pipeline.processes()[PARTS[part]]
    with faults.during(f"SIGTERM of {part}", keeps=keeps):
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_there(pid), f"the end of {part}")
        assert time.monotonic() - began < END_SECONDS + SLACK_SECONDS
    assert f"{PARTS[part]}: stopped" in pipeline.up.log.replace("-", " ")


async def test_the_gateway_takes_leave_of_its_viewers(pipeline: Pipeline) -> None:
    address = pipeline.config.gateway.listen
    page = await websocket_connect(f"ws://{address}/ws", subprotocols=["framebus.v1"])
    bare = await websocket_connect(f"ws://{address}/camera/front/ws")
    with socket.create_connection((address.host, address.port), timeout=10) as stream:
        stream.sendall(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b"image/jpeg" not in received:
            received += stream.recv(4096)
        os.kill(pipeline.processes()["gateway"], signal.SIGTERM)
        while stream.recv(65536):  # an end, no reset
            pass
    for connection in (page, bare):
        while await connection.read_message() is not None:
            pass
        assert connection.close_code == GOING_AWAY
        connection.close()


def test_its_leftovers_do_not_disturb_a_later_start(pipeline: Pipeline, start: Start) -> None:
    """ZeroMQ leaves the files of its sockets behind; the next start takes them over."""
    for _ in range(3):
        assert pipeline.up.terminate() == 0
        assert pipeline.is_gone()
        pipeline.up = start("framebus", "up", config=pipeline.config)
        pipeline.wait_until_whole()
