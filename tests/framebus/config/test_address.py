"""The address of a server: what is read, how it is written, and which addresses only this machine can reach."""

import pytest

from framebus.config.address import Address

ALLOWED = 'HOST:PORT with a port from 1 to 65535, such as "127.0.0.1:8080"'


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.9.9.9:1", "127.9.9.9", 1, True),
        ("localhost:65535", "localhost", 65535, True),
        ("[::1]:8080", "::1", 8080, True),
        ("[::]:8080", "::", 8080, False),
        ("[fe80::1%eth0]:8080", "fe80::1%eth0", 8080, False),
        (":8080", "", 8080, False),
        ("0.0.0.0:8080", "0.0.0.0", 8080, False),
        ("192.168.1.5:80", "192.168.1.5", 80, False),
        ("camera.local:80", "camera.local", 80, False),
    ],
)
def test_an_address_is_read_and_written_alike(text: str, host: str, port: int, loopback: bool) -> None:
    address = Address.parse(text)

    assert (address.host, address.port, address.is_loopback) == (host, port, loopback)
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "8080", "localhost", "localhost:", "localhost:0", "localhost:65536", "localhost:http", "::1:8080"),
        *("a b:80", "http://localhost:80", "localhost:80/", f"localhost:{'9' * 5000}"),
        *("localhost:-1", "localhost:+80", "localhost: 80", "localhost:80 ", "localhost:80\n", "localhost:8_0"),
        *("[::1:8080", "::1]:8080", "[::1]8080", "[::1]", "[::1]:"),
        *("a..b:80", ".:80", ".a:80", "a.b..:80", "x" * 64 + ".example:80", "example." + "x" * 64 + ":80"),
        *("a\0b:80", "\x1b[0m:80", "c\u00e4m..example:80", "\u00e4" * 80 + ":80", "\ud800:80"),
        "localhost:\N{ARABIC-INDIC DIGIT EIGHT}",
    ],
)
def test_any_other_text_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is compared below)
        Address.parse(text)
    assert str(caught.value) == ALLOWED


@pytest.mark.parametrize(
    "text", ["localhost.example:80", "LOCALHOST.evil:80", "127.0.0.1.example:80", "[::ffff:a00:1]:80"]
)
def test_a_name_that_only_looks_like_loopback_is_not_loopback(text: str) -> None:
    assert not Address.parse(text).is_loopback


@pytest.mark.parametrize("host", ["camera.local.", "x" * 63 + ".example", "example." + "x" * 63])
def test_a_host_name_may_end_in_a_dot_and_have_parts_of_63_characters(host: str) -> None:
    assert Address.parse(f"{host}:80").host == host


def test_a_name_in_unicode_is_read() -> None:
    assert Address.parse("c\u00e4m.example:80").host == "c\u00e4m.example"


def test_brackets_around_an_ipv4_address_are_not_written_again() -> None:
    assert str(Address.parse("[127.0.0.1]:8080")) == "127.0.0.1:8080"


def test_leading_zeros_of_a_port_are_not_written_again() -> None:
    assert str(Address.parse("localhost:00080")) == "localhost:80"
