"""Users, tokens and links through /api/settings."""

import sys
from types import ModuleType
from typing import Any

import pytest

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import token_hash
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, TWO, basic, code, proof, site_with
from tests.gateway.conftest import Site, serving
from tests.gateway.http.settings.client import ADMIN, call


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO)


async def test_the_first_user_is_logged_in_at_once(config: Config) -> None:
    async with serving(config) as site:
        status, error = await call(site, "PUT", "/users/anna", {"password": PASSWORD, "scopes": ["view"]})
        assert (status, error["code"]) == (409, "last-administrator")
        assert not config.secrets.exists()
        answer = await site.get(
            "/api/settings/users/anna",
            method="PUT",
            body=f'{{"password": "{PASSWORD}"}}',
            headers={"Content-Type": "application/json"},
        )
        assert answer.code == 200
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        assert await code(site, "/metrics") == 401
        assert await code(site, "/metrics", Cookie=cookie) == 200
        assert await code(site, "/metrics", **basic("anna", PASSWORD)) == 200


async def test_users_are_made_changed_and_removed(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        assert (await call(site, "PUT", "/users/bert", {}, **ADMIN))[0] == 400
        assert (await call(site, "PUT", "/users/bert", {"password": "short"}, **ADMIN))[0] == 400
        body = {"password": "bert's horse", "scopes": ["view"], "cameras": ["back"]}
        assert (await call(site, "PUT", "/users/bert", body, **ADMIN))[0] == 200
        assert await code(site, "/camera/back/", **basic("bert", "bert's horse")) == 200
        assert await code(site, "/camera/front/", **basic("bert", "bert's horse")) == 403
        _, found = await call(site, "PUT", "/users/bert", {"scopes": ["view", "control"]}, **ADMIN)
        assert found == {"name": "bert", "scopes": ["view", "control"], "cameras": ["back"]}
        assert await code(site, "/camera/back/", **basic("bert", "bert's horse")) == 200
        assert (await call(site, "DELETE", "/users/bert", **ADMIN))[0] == 200
        assert (await call(site, "DELETE", "/users/bert", **ADMIN))[0] == 404
        assert await code(site, "/camera/back/", **basic("bert", "bert's horse")) == 401


async def test_a_password_may_have_any_characters_and_changes_only_when_it_is_sent(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        for password in ("k(9gKLXZ>DZDLEA[nJv7maAMGhDUc?Q", "p%20&=+:;'\"\\ä€😀", "        "):
            assert (await call(site, "PUT", "/users/bert", {"password": password}, **ADMIN))[0] == 200
            assert await code(site, "/metrics", **basic("bert", password)) == 200
            assert (await call(site, "PUT", "/users/bert", {"scopes": ["admin"]}, **ADMIN))[0] == 200
            assert await code(site, "/metrics", **basic("bert", password)) == 200


async def test_who_changes_the_own_password_stays_logged_in(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        cookie, _ = site.gateway._access.sessions.create("anna", proof())
        answer = await site.get(
            "/api/settings/users/anna",
            method="PUT",
            body='{"password": "another horse"}',
            headers={"Content-Type": "application/json", "Cookie": f"{site.gateway._access.cookie}={cookie}"},
        )
        assert answer.code == 200
        assert await code(site, "/metrics", Cookie=answer.headers["Set-Cookie"].partition(";")[0]) == 200


async def test_nobody_locks_himself_out(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        for method, body in (
            ("DELETE", None),
            ("PUT", {"scopes": ["view"]}),
            ("PUT", {"cameras": ["front"]}),
        ):
            status, error = await call(site, method, "/users/anna", body, **ADMIN)
            assert (status, error["code"]) == (409, "last-administrator")
    assert accounts.read(config.secrets).users == ANNA


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "a b"}, "name: found 'a b'; allowed: 1 to 64"),
        ({"name": "t", "scopes": []}, "scopes: allowed: a list of view"),
        ({"name": "t", "scopes": ["root"]}, "scopes: allowed: a list of view"),
        ({"name": "t", "scopes": "view"}, "scopes: allowed: a list of view"),
        ({"name": "t", "cameras": []}, "cameras: allowed: a list of cameras, or null for all"),
        ({"name": "t", "cameras": ["frnt"]}, 'there is no camera frnt; there is front, back; did you mean "front"?'),
    ],
)
async def test_a_token_that_cannot_be(config: Config, body: dict[str, Any], said: str) -> None:
    async with site_with(config, users=ANNA) as site:
        status, error = await call(site, "POST", "/tokens", body, **ADMIN)
    assert status == 400
    assert error["message"].startswith(said)
    assert not accounts.read(config.secrets).tokens


async def test_a_token_is_shown_once_and_revoked(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        body = {"name": "printer", "scopes": ["view", "snapshot"], "cameras": ["front"]}
        status, found = await call(site, "POST", "/tokens", body, **ADMIN)
        assert status == 200
        assert accounts.read(config.secrets).tokens["printer"].sha256 == token_hash(found["token"])
        assert await code(site, f"/camera/front/?token={found['token']}") == 200
        assert (await call(site, "POST", "/tokens", body, **ADMIN))[0] == 409
        assert (await call(site, "DELETE", "/tokens/printer", **ADMIN))[0] == 200
        assert await code(site, f"/api/cameras?token={found['token']}") == 401
        assert (await call(site, "DELETE", "/tokens/printer", **ADMIN))[0] == 404


async def open_link(site: Site, url: str) -> str:
    """Press the button; returns the cookie, or an empty text."""
    answer = await site.get(f"/link/{url.rpartition('/')[2]}", method="POST", body="")
    return answer.headers.get("Set-Cookie", "").partition(";")[0]


async def test_a_link_logs_the_phone_in(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        status, found = await call(site, "POST", "/links", {"user": "anna"}, **ADMIN)
        assert status == 200
        assert found["only_here"] is True
        assert await code(site, "/metrics", Cookie=await open_link(site, found["urls"][0])) == 200
        assert await open_link(site, found["urls"][0]) == ""
        status, found = await call(site, "POST", "/links", {"user": "anna"}, Host="camera.local:8080", **ADMIN)
        assert found["only_here"] is False
        assert found["urls"][0].startswith("http://camera.local:8080/link/")


async def test_a_guest_may_watch_what_the_link_says(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        body = {"guest": "friend", "cameras": ["back"], "minutes": 1440}
        _, found = await call(site, "POST", "/links", body, **ADMIN)
        cookie = await open_link(site, found["urls"][0])
        assert await code(site, "/camera/back/", Cookie=cookie) == 200
        assert await code(site, "/camera/front/", Cookie=cookie) == 403
        assert (await call(site, "GET", Cookie=cookie))[0] == 403
        assert accounts.read(config.secrets).tokens["friend"].scopes == ("view",)
        assert (await call(site, "POST", "/links", body, **ADMIN))[0] == 200, "for another device of the friend"
        assert (await call(site, "POST", "/links", {"guest": "friend"}, **ADMIN))[0] == 409
        assert (await call(site, "DELETE", "/tokens/friend", **ADMIN))[0] == 200
        assert await code(site, "/camera/back/", Cookie=cookie) == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"user": "anna", "guest": "x"}, 400),
        ({"user": "bert"}, 404),
        ({"guest": "a b"}, 400),
        ({"user": "anna", "minutes": 0}, 400),
        ({"user": "anna", "minutes": 1441}, 400),
        ({"user": "anna", "minutes": "5"}, 400),
    ],
)
async def test_a_link_that_cannot_be(config: Config, body: dict[str, Any], status: int) -> None:
    async with site_with(config, users=ANNA) as site:
        assert (await call(site, "POST", "/links", body, **ADMIN))[0] == status


async def test_the_qr_code_comes_in_rows(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site_with(config, users=ANNA) as site:
        monkeypatch.setitem(sys.modules, "segno", None)
        assert (await call(site, "POST", "/links", {"user": "anna"}, **ADMIN))[1]["qr"] is None
        segno = ModuleType("segno")
        segno.make = lambda text, micro: type("Code", (), {"matrix": [b"\x01\x00", b"\x00\x01"]})  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "segno", segno)
        assert (await call(site, "POST", "/links", {"user": "anna"}, **ADMIN))[1]["qr"] == ["10", "01"]
