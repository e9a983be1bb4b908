"""The login page, its cookie, and who is asked for a password how."""

import asyncio
import json
import os
import re
import time
from http.cookies import SimpleCookie

import pytest
from tornado.httpclient import HTTPResponse

from framebus.config.load import Config
from gateway.access import sessions
from gateway.access.password_cache import PasswordCache
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, TWO, add, basic, proof
from tests.gateway.conftest import Site, serving

TRUSTED = 'trusted_proxies = ["127.0.0.1"]'


@pytest.fixture
def config(configure: Configure) -> Config:
    made = configure(TWO, gateway=TRUSTED)
    add(made, users=ANNA)
    return made


async def log_in(site: Site, password: str = PASSWORD, **headers: str) -> HTTPResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = f"name=anna&password={password.replace(' ', '+')}&next=/camera/front/"
    return await site.get("/login", method="POST", headers=named, body=body)


async def test_a_login_leads_on_and_its_cookie_counts(config: Config) -> None:
    async with serving(config) as site:
        answer = await log_in(site)
        assert (answer.code, answer.headers["Location"]) == (303, "./camera/front/")
        name, _, rest = answer.headers["Set-Cookie"].partition("=")
        assert name == f"framebus_session_{config.gateway.listen.port}", "two gateways on one host have two cookies"
        value, *attributes = rest.split("; ")
        assert sorted(attributes) == ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"]
        asked = await site.get("/api/cameras", headers={"Cookie": f"{name}={value}"})
        assert asked.code == 200
        assert "Set-Cookie" not in asked.headers


@pytest.mark.parametrize(
    ("headers", "secure"),
    [
        ({}, False),
        ({"X-Forwarded-Proto": "https"}, True),
        ({"X-Forwarded-Proto": "http"}, False),
        ({"Origin": "https://cam.lan", "Host": "cam.lan"}, True),
        ({"Origin": "http://cam.lan", "Host": "cam.lan"}, False),
    ],
)
async def test_over_https_the_cookie_is_for_https_alone(headers: dict[str, str], secure: bool, config: Config) -> None:
    async with serving(config) as site:
        answer = await log_in(site, **headers)
    assert answer.code == 303
    assert ("Secure" in answer.headers["Set-Cookie"].split("; ")) == secure


async def test_in_a_frame_the_cookie_is_the_framing_sites_own(config: Config) -> None:
    async with serving(config) as site:
        answer = await log_in(site, X_Forwarded_Proto="https", Sec_Fetch_Dest="iframe")
        assert answer.headers["Set-Cookie"].endswith("; SameSite=None; Secure; Partitioned")
        plain = await site.get("/login", headers={"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"})
        assert b"browsers keep no login over plain http. Make a token" in plain.body
        page = await site.get("/login")
        assert re.search(rb'<script type="module" src="page/[0-9a-f]{12}/login.js">', page.body), (
            "where the browser does not say so itself"
        )


async def test_a_wrong_password_keeps_the_name_in_the_form(config: Config) -> None:
    async with serving(config) as site:
        answer = await log_in(site, "wrong")
        assert answer.code == 401
        assert b"Wrong user name or password." in answer.body
        assert b'name="name" value="anna"' in answer.body
        nasty = await site.get("/login", method="POST", body="name=%22%3E%3Cscript%3E{{next}}&password=x")
        assert b"<script>" not in nasty.body
        assert b"{{" not in nasty.body


async def test_a_session_in_use_is_renewed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(config) as site:
        access = site.gateway._access
        begun = time.time() - 20 * sessions.DAY_SECONDS
        monkeypatch.setattr(access.sessions, "_now", lambda: begun)
        old, session = access.sessions.create("anna", proof())
        monkeypatch.setattr(access.sessions, "_now", time.time)
        answer = await site.get("/api/me", headers={"Cookie": f"{access.cookie}={old}"})
        new = SimpleCookie(answer.headers["Set-Cookie"])[access.cookie].value
        read = access.sessions.read(new)
        assert read is not None
        assert read.id == session
        assert read.expires > time.time() + 29 * sessions.DAY_SECONDS


@pytest.mark.parametrize(
    ("path", "headers", "challenged"),
    [
        ("/snapshot", {}, True),
        ("/api/cameras", {}, True),
        ("/snapshot", basic("anna", "wrong"), True),
        ("/api/cameras", {"X-Requested-With": "framebus"}, False),
        ("/api/me", basic("anna", "wrong"), False),
        ("/camera/front/snapshot.jpg", {"Cookie": "{cookie}=ended"}, False),
        ("/api/cameras", {"Sec-Fetch-Mode": "cors"}, False),
        ("/ws", {"Upgrade": "websocket", "Connection": "Upgrade"}, False),
        ("/camera/front/ws", {"Upgrade": "websocket", "Connection": "Upgrade"}, False),
    ],
)
async def test_no_password_dialog_comes_over_the_page(
    path: str, headers: dict[str, str], challenged: bool, config: Config
) -> None:
    """Browsers send no Sec-Fetch headers to names of the local network over http."""
    async with serving(config) as site:
        named = {name: value.format(cookie=site.gateway._access.cookie) for name, value in headers.items()}
        answer = await site.get(path, headers=named)
    assert answer.code == 401
    assert ("WWW-Authenticate" in answer.headers) == challenged


async def test_a_client_without_credentials_is_anonymous_and_has_no_scopes(config: Config) -> None:
    async with serving(config) as site:
        me = json.loads((await site.get("/api/me")).body)
    assert me == {
        "kind": "anonymous",
        "name": "",
        "scopes": [],
        "cameras": None,
        "session": False,
        "login": True,
        "settings": False,
    }


async def test_who_came_with_the_browsers_dialog_can_log_out(config: Config) -> None:
    async with serving(config) as site:
        me = await site.get("/api/me", headers=basic("anna", PASSWORD))
        assert b'"kind": "user"' in me.body
        answer = await site.get("/logout", method="POST", body="", headers=basic("anna", PASSWORD))
    assert answer.code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert b"You are logged out" in answer.body


async def test_the_right_password_is_let_in_however_many_ask_at_once(config: Config) -> None:
    hashes: list[str] = []

    def check(password: str, stored: str) -> bool:
        hashes.append(password)
        time.sleep(0.1)
        return password == PASSWORD

    async with serving(config) as site:
        site.gateway._access.passwords.close()
        site.gateway._access.passwords = PasswordCache(check)
        asking = [site.get("/api/cameras", headers=basic("anna", PASSWORD)) for _ in range(12)]
        assert [answer.code for answer in await asyncio.gather(*asking)] == [200] * 12
        assert len(hashes) == 1
        asking = [site.get("/api/cameras", headers=basic("anna", "wrong")) for _ in range(4)]
        assert [answer.code for answer in await asyncio.gather(*asking)] == [401] * 4


@pytest.mark.parametrize("path", ["/", "/camera/front/", "/camera/front", "/login", "/logout"])
async def test_no_redirect_names_a_path_of_the_root(path: str, config: Config) -> None:
    """A proxy that strips a prefix and says so in no header would lose it."""
    async with serving(config) as site:
        method = "POST" if path in ("/login", "/logout") else "GET"
        body = f"name=anna&password={PASSWORD.replace(' ', '+')}" if method == "POST" else None
        answer = await site.get(path, method=method, body=body, headers={"Accept": "text/html"})
    assert answer.code in (302, 303)
    assert answer.headers["Location"].startswith((".", "login"))


async def test_a_logout_that_cannot_be_saved_is_said_and_the_browser_forgets_it(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next user of the browser is not logged in."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with serving(config) as site:
        access = site.gateway._access
        cookie, _ = access.sessions.create("anna", proof())
        named = {"Cookie": f"{access.cookie}={cookie}"}
        with monkeypatch.context() as disk:
            disk.setattr(os, "replace", full)
            answer = await site.get("/logout", method="POST", body="", headers=named)
        assert (answer.code, answer.body) == (
            503,
            b"503: the logout cannot be saved: No space left on device; "
            b"this browser has forgotten the login, and a copy of it stays valid\n",
        )
        assert SimpleCookie(answer.headers["Set-Cookie"])[access.cookie]["max-age"] == "0"
        assert (await site.get("/api/cameras", headers=named)).code == 200
        assert (await site.get("/logout", method="POST", body="", headers=named)).code == 303
        assert (await site.get("/api/cameras", headers=named)).code == 401
