"""One request to a service: the reply that comes back, and the error if none comes."""

import math
import re
from pathlib import Path

import pytest

from framebus.client.request import ask
from framebus.errors import ReplyTimeoutError
from framebus.transport.endpoints import Endpoint
from framebus.transport.sockets import EndpointError
from tests.framebus.conftest import Serve
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
def service(run_dir: Path) -> Endpoint:
    return Endpoint(f"ipc://{run_dir}/service")


def test_the_reply_to_a_request_is_returned(service: Endpoint, serve: Serve) -> None:
    served = serve(service.endpoint, lambda request: b"reply to " + request)

    assert ask(service, b"request", DEADLINE_SECONDS, "no answer") == b"reply to request"
    assert served.requests == [[b"request"]]


def test_every_request_has_a_connection_of_its_own(service: Endpoint, serve: Serve) -> None:
    serve(service.endpoint, lambda request: request)

    assert [ask(service, b"%d" % number, DEADLINE_SECONDS, "") for number in range(3)] == [b"0", b"1", b"2"]


@pytest.mark.parametrize("seconds", [math.inf, 2.0**40, 1e300])
def test_a_wait_of_any_length_is_possible(seconds: float, service: Endpoint, serve: Serve) -> None:
    serve(service.endpoint, lambda request: b"reply")

    assert ask(service, b"request", seconds, "no answer") == b"reply"


def test_a_long_wait_is_made_of_several(service: Endpoint, serve: Serve) -> None:
    serve(service.endpoint, lambda request: b"reply")

    assert ask(service, b"request", DEADLINE_SECONDS, "no answer", max_poll_seconds=0.001) == b"reply"


@pytest.mark.parametrize("seconds", [0, -1, 0.001])
def test_a_service_that_does_not_run_is_the_reason_of_the_timeout(seconds: float, service: Endpoint) -> None:
    path = service.endpoint.removeprefix("ipc://")

    with pytest.raises(ReplyTimeoutError) as caught:
        ask(service, b"request", seconds, "no answer")
    assert str(caught.value) == f"no answer: {path} does not exist; its process is not running"


def test_the_timeout_of_another_machine_has_no_reason(free_port: int) -> None:
    with pytest.raises(TimeoutError, match=r"\Ano answer\Z"):
        ask(Endpoint(f"tcp://127.0.0.1:{free_port}"), b"request", 0.001, "no answer")


@pytest.mark.parametrize("endpoint", ["nowhere", "tcp://", "http://127.0.0.1:80", ""])
def test_an_invalid_endpoint_is_refused_with_what_is_allowed(endpoint: str) -> None:
    allowed = r"allowed: tcp://HOST:PORT or ipc://PATH\Z"
    with pytest.raises(EndpointError, match=rf"\Aendpoint {re.escape(repr(endpoint))}: .*; {allowed}"):
        ask(Endpoint(endpoint), b"request", 0, "no answer")
