"""Origins, by what they mean."""

import pytest

from gateway.net.origin import HostPort, Origin, is_listed, is_same_host, parse_host, parse_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://cam.lan", Origin("http", "cam.lan", 80)),
        ("HTTP://Cam.LAN:80", Origin("http", "cam.lan", 80)),
        ("https://cam.lan.:443", Origin("https", "cam.lan", 443)),
        ("https://cam.lan:8443/", Origin("https", "cam.lan", 8443)),
        ("http://[::1]:8080", Origin("http", "::1", 8080)),
        ("http://[0:0::1]", Origin("http", "::1", 80)),
        ("http://[::ffff:192.0.2.1]", Origin("http", "192.0.2.1", 80)),
        ("null", None),
        ("", None),
        ("http://", None),
        ("http://[", None),
        ("ftp://cam.lan", None),
        ("http://cam.lan/path", None),
        ("http://cam.lan:99999", None),
        ("http://user@cam.lan", None),
    ],
)
def test_an_origin_is_read_in_every_spelling(text: str, origin: Origin | None) -> None:
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://cam.lan", "cam.lan", True),
        ("http://cam.lan", "CAM.lan.:80", True),
        ("https://cam.lan", "cam.lan:443", True),
        ("https://cam.lan:443", "cam.lan", True),
        ("http://cam.lan:8080", "cam.lan:8080", True),
        ("http://[::1]:8080", "[0::1]:8080", True),
        ("http://cam.lan:443", "cam.lan", False),
        ("http://cam.lan:8080", "cam.lan:8081", False),
        ("http://cam.lan.evil.example", "cam.lan", False),
        ("http://evil.example", "cam.lan", False),
    ],
)
def test_a_host_is_that_of_an_origin_or_not(origin: str, host: str, same: bool) -> None:
    parsed, named = parse_origin(origin), parse_host(host)
    assert parsed is not None
    assert named is not None
    assert is_same_host(parsed, named) is same


def test_a_host_is_written_as_it_is_called() -> None:
    assert [str(parse_host(text)) for text in ("A.b:80", "[::1]:8", "c.")] == ["a.b:80", "[::1]:8", "c"]
    assert parse_host("a b/c") is None
    assert parse_host("[::1]") == HostPort("::1")


def test_a_list_of_the_configuration_means_the_same_in_every_spelling() -> None:
    assert is_listed("https://home.example", ["https://Home.Example:443"])
    assert is_listed("http://home.example:8123", ["http://home.example:8123"])
    assert not is_listed("http://home.example", ["https://home.example"])
    assert not is_listed("null", ["*", "https://home.example"])
