"""Which requests of other sites' pages pass the check of the origin, without a gateway."""

import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from gateway.access.identity import Identity
from gateway.access.origin_check import OriginCheck
from gateway.net.errors import HttpError
from gateway.net.forwarded import Client

CLIENT = Client("192.0.2.7", "http", "camera.local:8080")
TOKEN = Identity("token", "t")
EVIL = "http://evil.example"


def passes(allowed: list[str], identity: Identity, method: str = "POST", **headers: str) -> bool:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line = RequestStartLine(method, "/", "HTTP/1.1")
    request = HTTPServerRequest(start_line=line, headers=HTTPHeaders({"Host": "camera.local", **named}))
    try:
        OriginCheck(8080, allowed, []).check(request, CLIENT, identity)
    except HttpError:
        return False
    return True


def test_any_site_may_use_a_token_but_no_session_of_one() -> None:
    """A browser adds a session's cookie by itself."""
    assert passes(["*"], TOKEN, Origin=EVIL)
    assert not passes(["*"], Identity("token", "t", session="1"), Origin=EVIL)
    assert not passes(["*"], Identity("user", "anna"), Origin=EVIL)
    assert not passes([], TOKEN, Origin=EVIL)
    assert passes([EVIL], Identity("user", "anna"), Origin=EVIL)


def test_a_websocket_is_checked_by_either_name_of_its_origin() -> None:
    assert passes([], TOKEN, "GET", Origin=EVIL), "pages cannot read what a GET answers"
    assert not passes([], TOKEN, "GET", Upgrade="websocket", Origin=EVIL)
    assert not passes([], TOKEN, "GET", Upgrade="WebSocket", Sec_WebSocket_Origin=EVIL)
    assert passes([EVIL], TOKEN, "GET", Upgrade="websocket", Sec_WebSocket_Origin=EVIL)
    assert passes([], TOKEN, "GET", Upgrade="websocket")


@pytest.mark.parametrize(("port", "passed"), [(8080, True), (80, False), (443, False)])
def test_a_proxy_may_have_dropped_the_port_only_where_ours_is_none_of_the_usual(port: int, passed: bool) -> None:
    assert OriginCheck(port, [], [])._port_may_be_missing(CLIENT, "none") is passed
    assert not OriginCheck(port, [], [])._port_may_be_missing(CLIENT, "same-site")
