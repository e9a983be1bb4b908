"""A ZeroMQ endpoint over tcp: what is read, how it is written, and what is refused."""

import pytest

from framebus.config.address import Address
from framebus.config.tcp_endpoint import TcpEndpoint

ALLOWED = 'tcp://ADDRESS:PORT, such as "tcp://127.0.0.1:5555"; "tcp://*:5555" is every address'


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://127.0.0.1:5555", Address("127.0.0.1", 5555)),
        ("tcp://*:5555", Address("*", 5555)),
        ("tcp://[::1]:5555", Address("::1", 5555)),
        ("tcp://camera.local:65535", Address("camera.local", 65535)),
    ],
)
def test_an_endpoint_is_read_and_written_alike(text: str, address: Address) -> None:
    endpoint = TcpEndpoint.parse(text)

    assert endpoint.address == address
    assert str(endpoint) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "tcp://", "127.0.0.1:5555", "tcp:127.0.0.1:5555", "tcp:/127.0.0.1:5555", "TCP://127.0.0.1:5555"),
        *("ipc:///run/framebus/front.frames", "udp://127.0.0.1:5555", "://127.0.0.1:5555", "tcp://tcp://a:1"),
        *("tcp://:5555", "tcp://[]:5555", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536"),
        *("tcp://::1:5555", "tcp://127.0.0.1:5555/", "tcp://eth 0:5555", "tcp://127.0.0.1:*", " tcp://127.0.0.1:5555"),
    ],
)
def test_any_other_text_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is compared below)
        TcpEndpoint.parse(text)
    assert str(caught.value) == ALLOWED


def test_every_address_is_not_loopback() -> None:
    assert not TcpEndpoint.parse("tcp://*:5555").address.is_loopback
