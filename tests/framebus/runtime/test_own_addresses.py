"""The addresses of this machine, and the URLs of the page."""

from framebus.config.address import Address
from framebus.runtime.own_addresses import own_addresses, pages_to_open


def test_the_page_is_opened_where_it_can_be_reached() -> None:
    own = ["pi.local", "192.0.2.5", "2001:db8::5"]
    assert pages_to_open(Address("127.0.0.1", 8080), False, own) == ["http://127.0.0.1:8080/"]
    assert pages_to_open(Address("::1", 8080), True, own) == ["https://[::1]:8080/"]
    assert pages_to_open(Address("", 80), False, own) == [
        "http://pi.local:80/",
        "http://192.0.2.5:80/",
        "http://[2001:db8::5]:80/",
    ]
    assert pages_to_open(Address("0.0.0.0", 80), False, own) == ["http://pi.local:80/", "http://192.0.2.5:80/"]
    assert pages_to_open(Address("", 80), False, ["2001:db8::5"]) == ["http://[2001:db8::5]:80/"]
    assert pages_to_open(Address("", 80), False, []) == ["http://127.0.0.1:80/"]


def test_own_addresses_are_no_loopback() -> None:
    assert not {"127.0.0.1", "::1"} & set(own_addresses())
