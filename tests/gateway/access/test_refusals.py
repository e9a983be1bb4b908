"""What a client that is refused is told: status, code and sentence; and what the log tells the owner."""

import asyncio
import json
import logging
from typing import Any

import pytest

from framebus.config.load import Config
from gateway.access.password_cache import MAX_PENDING
from gateway.access.throttle import Throttle
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, TWO, basic, proof, site_with, token
from tests.gateway.conftest import Site, serving

OTHER_SITE = {"Origin": "http://evil.example"}


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO)


async def told(site: Site, path: str, method: str = "GET", **options: Any) -> tuple[int, str, str]:
    """Status, code and message, as a program gets them."""
    headers = {"Accept": "application/json", **options.pop("headers", {})}
    answer = await site.get(path, method=method, headers=headers, allow_nonstandard_methods=True, **options)
    error = json.loads(answer.body)["error"]
    return answer.code, error["code"], error["message"]


async def test_the_log_names_who_fails(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    async with site_with(config, users=ANNA) as site:
        await told(site, "/api/cameras", headers=basic("n" * 99, "wrong"))
        site.gateway._refused.flush()
    assert f"failed logins (1 in all): as '{'n' * 64}', from 127.0.0.1" in caplog.text


async def test_without_credentials_or_with_wrong_ones(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        assert await told(site, "/api/cameras") == (401, "unauthorized", "log in, or send a token")
        invalid = (401, "unauthorized", "invalid or revoked token")
        assert await told(site, "/api/cameras?token=x") == invalid
        assert await told(site, "/api/cameras", headers={"Authorization": "Bearer x"}) == invalid
        assert await told(site, "/api/cameras", headers={"authorization": "bearer  x"}) == invalid
        wrong = (401, "unauthorized", "wrong user name or password")
        assert await told(site, "/api/cameras", headers=basic("anna", "wrong")) == wrong
        assert await told(site, "/api/cameras", headers=basic("n" * 99, "wrong")) == wrong
        assert site.gateway._refused.total["failed logins"] == 5


async def test_too_many_failures(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        site.gateway._access.throttle = Throttle(now=lambda: 100.0)
        for _ in range(5):
            await told(site, "/api/cameras?token=x")
        too_often = (429, "too-often", "too many failed logins from 127.0.0.1")
        assert await told(site, "/api/cameras?token=x") == too_often
        assert await told(site, "/api/cameras", headers=basic("anna", PASSWORD)) == too_often
        assert site.gateway._refused.total["failed logins"] == 7


async def test_too_many_passwords_at_once(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        never: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        site.gateway._access.passwords._pending |= {bytes([number]): never for number in range(MAX_PENDING)}
        busy = (503, "busy", "too many passwords are waiting to be checked")
        assert await told(site, "/api/cameras", headers=basic("anna", PASSWORD)) == busy


async def test_without_the_scope_or_the_camera(config: Config) -> None:
    tokens = {"t": token("secret", "view", cameras=("back",))}
    name = "c" * 60
    async with site_with(config, tokens=tokens) as site:
        assert await told(site, "/metrics?token=secret") == (
            403,
            "forbidden",
            "t may not do this: it requires the scope admin",
        )
        assert await told(site, f"/camera/{name}/stream.mjpg?token=secret") == (
            403,
            "forbidden",
            f"t may not see camera {name[:40]}",
        )


async def test_through_a_proxy_that_is_not_known(config: Config) -> None:
    async with serving(config) as site:
        assert await told(site, "/api/cameras", headers={"X-Forwarded-For": "192.0.2.1"}) == (
            401,
            "unauthorized",
            "this request came through a proxy; to let other machines in, add a user with `framebus passwd NAME`",
        )


async def test_from_a_page_of_another_site(config: Config) -> None:
    controls = "/api/cameras/front/controls"
    name = str(config.gateway.listen)
    found = f"a page of 'http://evil.example' may not do this: the gateway was called as '{name}'"
    async with serving(config) as site:
        assert await told(site, controls, "PATCH", headers={"Sec-Fetch-Site": "cross-site"}) == (
            403,
            "other-origin",
            "a page of another site may not do this",
        )
        status, code, message = await told(site, controls, "PATCH", headers=OTHER_SITE)
        assert (status, code) == (403, "other-origin")
        assert message.startswith(f"{found}; behind a proxy, let it pass on the name with its port")
        assert message.endswith('add allow_origins = ["http://evil.example"] in [gateway]')
        status, code, message = await told(site, controls, "PATCH", headers={"Origin": "no origin"})
        assert message == f"a page of 'no origin' may not do this: the gateway was called as '{name}'"


@pytest.mark.parametrize(("host", "name"), [("evil.example:80", "evil.example"), ("x" * 150 + ".example", "x" * 100)])
async def test_by_a_name_that_is_not_ours(host: str, name: str, config: Config) -> None:
    async with serving(config) as site:
        assert await told(site, "/api/cameras", headers={"Host": host}) == (
            403,
            "other-host",
            f"'{name}' is not a name of this machine; to use it, add it to allow_hosts in [gateway], or the "
            "address of the proxy that passes it on to trusted_proxies",
        )


async def test_a_login_gives_a_cookie_that_tells_who_it_is(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        answer = await site.get("/login", method="POST", body=f"name=anna&password={PASSWORD.replace(' ', '+')}")
        assert answer.code == 303
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        me = json.loads((await site.get("/api/me", headers={"Cookie": cookie})).body)
        assert (me["kind"], me["name"], me["session"]) == ("user", "anna", True)


async def test_a_session_that_cannot_be_kept(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    async with site_with(config, users=ANNA) as site:
        (config.state_dir / "session.key").mkdir(parents=True)
        answer = await site.get("/login", method="POST", body=f"name=anna&password={PASSWORD.replace(' ', '+')}")
        assert answer.code == 503
        assert b"The session cannot be saved: " in answer.body
        site.gateway._refused.flush()
    assert "no session can be created: " in caplog.text
    assert site.gateway._refused.total["failed logins"] == 1


async def test_accounts_that_have_not_changed_are_not_read_again(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with site_with(config, users=ANNA) as site:
        cookie, _ = site.gateway._access.sessions.create("anna", proof())
        named = {"Cookie": f"{site.gateway._access.cookie}={cookie}"}
        assert (await site.get("/api/cameras", headers=named)).code == 200
    assert "has changed" not in caplog.text
