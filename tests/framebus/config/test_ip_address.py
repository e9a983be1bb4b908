"""IP addresses by the functions of the system are those of the module ipaddress."""

import ipaddress

import pytest

from framebus.config.ip_address import is_loopback, packed

LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1"]
OTHERS = ["0.0.0.0", "126.0.0.1", "128.0.0.1", "::", "::2", "7f00::1", "fe80::1", "::ffff:8.8.8.8", "2001:db8::7f00:1"]
NONE = [
    "",
    "127.1",
    "0127.0.0.1",
    "127.0.0.1 ",
    "127.0.0.1\0",
    "\uff1127.0.0.1",
    "localhost",
    "::1::",
    "[::1]",
    "\ud800",
]


@pytest.mark.parametrize("text", LOOPBACK + OTHERS)
def test_an_address_is_that_of_ipaddress(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert packed(text) == address.packed
    assert is_loopback(text) == address.is_loopback == (text in LOOPBACK)


def test_an_address_of_ipv4_in_ipv6_is_that_of_ipv4() -> None:
    assert is_loopback("::ffff:127.0.0.1")


@pytest.mark.parametrize("text", NONE)
def test_other_text_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the text is of ipaddress)
        ipaddress.ip_address(text)
    assert packed(text) is None
    assert not is_loopback(text)
