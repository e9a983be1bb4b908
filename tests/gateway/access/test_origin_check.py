"""Pages of ours behind proxies of every kind, and pages of others."""

import pytest

from framebus.config.load import Config
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, TWO, add, code
from tests.gateway.conftest import serving

TRUSTED = 'trusted_proxies = ["127.0.0.1"]'
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "12",
}
"""Of a version that is not spoken: what the gateway lets through is answered with 426 then, not with a websocket."""


async def passes(config: Config, **headers: str) -> bool:
    """Whether both a login and a websocket get past the check of the origin."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with serving(config) as site:
        login = await site.get("/login", method="POST", headers=named, body="name=a&password=b")
        socket = await site.get("/ws", headers={**named, **HANDSHAKE})
    assert (login.code, socket.code) in ((401, 426), (401, 401), (403, 403)), (login.code, socket.code)
    return login.code != 403


OURS = [
    {"Host": "cam.lan", "Origin": "http://cam.lan:8443"},  # nginx: proxy_set_header Host $host
    {"Host": "cam.lan", "Origin": "https://cam.lan"},
    {"Host": "cam.lan:443", "Origin": "https://cam.lan"},
    {"Host": "cam.lan:80", "Origin": "http://CAM.lan."},
    {"Host": "cam.lan.", "Origin": "http://cam.lan"},
    {"Host": "[::1]:8080", "Origin": "http://[0:0::1]:8080"},
    {"Host": "inner", "Origin": "https://other.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", OURS)
@pytest.mark.parametrize("settings", ["", TRUSTED])
async def test_our_own_page_is_known_in_every_spelling(
    headers: dict[str, str], settings: str, configure: Configure
) -> None:
    assert await passes(configure(TWO, gateway=settings), **headers)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "cam.lan, inner", "X-Forwarded-Proto": "https, http"},
        {"X-Forwarded-Host": "edge, cam.lan", "X-Forwarded-For": "192.0.2.1, 127.0.0.1"},
        {"X-Forwarded-Host": "cam.lan:443"},
        {"Forwarded": "for=192.0.2.1;host=cam.lan;proto=https"},
        {"Forwarded": 'for=192.0.2.1;host="cam.lan:443", for=127.0.0.1;host=inner'},
    ],
)
async def test_our_own_page_is_known_behind_a_trusted_proxy(headers: dict[str, str], configure: Configure) -> None:
    asked = {"Host": "127.0.0.1:8080", "Origin": "https://cam.lan", **headers}
    assert await passes(configure(TWO, gateway=TRUSTED), **asked)
    assert not await passes(configure(TWO), **asked), "an untrusted proxy's headers mean nothing"


async def test_a_port_of_the_proxy_is_known(configure: Configure) -> None:
    config = configure(TWO, gateway=TRUSTED)
    asked = {"Host": "cam.lan", "X-Forwarded-Port": "8443"}
    assert await passes(config, Origin="https://cam.lan:8443", **asked)
    assert not await passes(config, Origin="https://cam.lan:9999", **asked)


THEIRS = [
    {"Host": "cam.lan:8080", "Origin": "http://cam.lan:9999"},
    {"Host": "cam.lan:8080", "Origin": "http://cam.lan"},
    {"Host": "cam.lan", "Origin": "http://evil.example"},
    {"Host": "cam.lan", "Origin": "http://cam.lan.evil.example"},
    {"Host": "cam.lan", "Origin": "http://cam.lan:9999", "Sec-Fetch-Site": "same-site"},
    {"Host": "cam.lan", "Origin": "null"},
    {"Host": "cam.lan", "Origin": "http://evil.example", "X-Forwarded-Host": "cam.lan"},
]


@pytest.mark.parametrize("headers", THEIRS)
@pytest.mark.parametrize("settings", ["", TRUSTED])
async def test_a_page_of_others_is_none_of_ours(headers: dict[str, str], settings: str, configure: Configure) -> None:
    assert not await passes(configure(TWO, gateway=settings), **headers)


@pytest.mark.parametrize(
    ("headers", "cure"),
    [
        ({"Host": "127.0.0.1:8080"}, "proxy_set_header Host $http_host"),
        ({"Host": "127.0.0.1:8080"}, "allow_origins = [&quot;https://cam.lan&quot;] in [gateway]"),
        ({"X-Forwarded-Host": "cam.lan"}, "trusted_proxies = [&quot;127.0.0.1&quot;] in [gateway]"),
    ],
)
async def test_the_login_page_says_why_it_is_refused_and_what_helps(
    headers: dict[str, str], cure: str, configure: Configure
) -> None:
    config = configure(TWO)
    add(config, users=ANNA)
    asked = {"Origin": "https://cam.lan", **headers}
    async with serving(config) as site:
        answer = await site.get("/login", method="POST", headers=asked, body="name=a&password=b")
    assert answer.code == 403
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"<form" in answer.body
    assert cure in answer.body.decode()


HOSTS = [
    ("evil.example", False),
    ("evil.example:8080", False),
    ("cam.local", True),
    ("localhost", True),
    ("192.0.2.7", True),
    ("[2001:db8::1]:80", True),
    ("pi", True),
    ("cam.example", True),
    ("sub.wild.example", True),
    ("wild.example", False),
    ("home.example", True),
]


@pytest.mark.parametrize(("host", "allowed"), HOSTS)
@pytest.mark.parametrize("anonymous", [False, True])
async def test_names_that_lead_here_are_refused_unless_they_are_ours(
    host: str, allowed: bool, anonymous: bool, configure: Configure
) -> None:
    """DNS rebinding: a page of another site becomes one of ours in the browser's eyes."""
    hosts = 'allow_hosts = ["cam.example", "*.wild.example"]\nallow_origins = ["https://home.example"]\n'
    config = configure(TWO, gateway=hosts + ("allow_anonymous = true" if anonymous else ""))
    async with serving(config) as site:
        answer = await site.get("/api/cameras", headers={"Host": host})
        assert answer.code == (200 if allowed else 403)
        if not allowed:
            assert b"add it to allow_hosts in [gateway]" in answer.body


async def test_a_name_does_not_matter_to_who_shows_credentials(configure: Configure) -> None:
    config = configure(TWO)
    add(config, users=ANNA)
    async with serving(config) as site:
        assert await code(site, "/api/cameras", Host="evil.example") == 401


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Real-IP", "Via"]
)
async def test_what_came_through_a_proxy_is_not_of_this_machine(header: str, configure: Configure) -> None:
    async with serving(configure(TWO)) as site:
        answer = await site.get("/metrics", headers={header: "192.0.2.1"})
        assert answer.code == 401
        assert b"framebus passwd" in answer.body
