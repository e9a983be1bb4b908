"""One-time links over HTTP."""

import asyncio
import re

import pytest

from framebus.config.load import Config
from framebus.credentials import accounts, links
from framebus.credentials.accounts import Token, User, fingerprint, token_hash
from framebus.credentials.passwords import hash_password
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, TWO, add, code, proof, site_with
from tests.gateway.conftest import Site

GUEST = Token(token_hash("never shown"), 1.0, ("view",), ("back",))


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO)


def guest_link(config: Config) -> str:
    return links.make(config.state_dir, "token", "friend", fingerprint(GUEST.sha256))


async def opened(site: Site, secret: str, **headers: str) -> tuple[int, str, str]:
    """Press the button: the status, where it leads, and the cookie."""
    answer = await site.get(f"/link/{secret}", method="POST", body="", headers=headers)
    cookie = answer.headers.get("Set-Cookie", "").partition(";")[0]
    return answer.code, answer.headers.get("Location", ""), cookie


async def test_a_link_logs_a_user_in_once(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        secret = links.make(config.state_dir, "user", "anna", proof())
        status, where, cookie = await opened(site, secret)
        assert (status, where) == (303, "../")
        assert await code(site, "/metrics", Cookie=cookie) == 200
        assert await opened(site, secret) == (410, "", "")


async def test_showing_the_page_does_not_use_the_link_up(config: Config) -> None:
    """Messengers fetch links to show a preview."""
    async with site_with(config, users=ANNA) as site:
        secret = links.make(config.state_dir, "user", "anna", proof())
        for _ in range(3):
            answer = await site.get(f"/link/{secret}")
            assert answer.code == 200
            assert b"Watch on this device" in answer.body
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
        assert (await opened(site, secret))[0] == 303
        assert (await site.get("/link/short")).code == 404


async def test_a_guest_sees_one_camera_and_changes_nothing(config: Config) -> None:
    async with site_with(config, users=ANNA, tokens={"friend": GUEST}) as site:
        status, where, cookie = await opened(site, guest_link(config))
        assert (status, where) == (303, "../camera/back/")
        assert await code(site, "/camera/back/", Cookie=cookie) == 200
        assert await code(site, "/api/cameras/front/controls", Cookie=cookie) == 403
        assert await code(site, "/camera/back/snapshot.jpg", Cookie=cookie) == 403
        assert await code(site, "/metrics", Cookie=cookie) == 403
        me = await site.get("/api/me", headers={"Cookie": cookie})
        assert b'"kind": "token"' in me.body
        assert re.search(rb'"cameras": \["back"\]', me.body)


async def test_the_session_of_a_guest_ends_with_the_token_and_with_the_logout(config: Config) -> None:
    async with site_with(config, users=ANNA, tokens={"friend": GUEST}) as site:
        cookie = (await opened(site, guest_link(config)))[2]
        other = (await opened(site, guest_link(config)))[2]
        assert await code(site, "/logout", "POST", Cookie=cookie) == 303
        assert await code(site, "/api/cameras", Cookie=cookie) == 401
        assert await code(site, "/api/cameras", Cookie=other) == 200
        with accounts.changing(config.secrets) as changed:
            del changed.tokens["friend"]
        assert await code(site, "/api/cameras", Cookie=other) == 401


async def test_a_stream_of_a_guest_is_watched(config: Config) -> None:
    async with site_with(config, users=ANNA, tokens={"friend": GUEST}) as site:
        access = site.gateway._access
        cookie = (await opened(site, guest_link(config)))[2]
        identity = access._by_cookie(cookie.partition("=")[2].strip('"'))
        assert identity is not None
        assert access.is_still_valid(identity)
        assert access.renewed_cookie(identity) is None
        await asyncio.to_thread(access.sessions.log_out, identity.session, identity.account)
        assert not access.is_still_valid(identity)


async def test_a_link_ends_with_the_password_or_token_that_it_was_made_for(config: Config) -> None:
    async with site_with(config, users=ANNA, tokens={"friend": GUEST}) as site:
        of_user, of_guest = links.make(config.state_dir, "user", "anna", proof()), guest_link(config)
        other = Token(token_hash("another"), 1.0, ("admin",))
        add(config, users={"anna": User(hash_password("another horse"))}, tokens={"friend": other})
        assert (await opened(site, of_user))[0] == 410
        assert (await opened(site, of_guest))[0] == 410


async def test_a_page_of_another_site_cannot_open_one(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        secret = links.make(config.state_dir, "user", "anna", proof())
        assert (await opened(site, secret, Origin="http://evil.example"))[0] == 403
        assert (await opened(site, secret, Origin=site.url))[0] == 303


async def test_guessing_is_slowed_down(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        found = [(await opened(site, f"{number:022d}"))[0] for number in range(8)]
        assert found[:4] == [410] * 4
        assert found[-1] == 429


async def test_a_cookie_of_a_guest_is_no_credential_that_any_site_may_use(configure: Configure) -> None:
    config = configure(TWO, 'allow_origins = ["*"]')
    add(config, tokens={"friend": Token(GUEST.sha256, 1.0, ("view", "control"))})
    async with site_with(config, users=ANNA) as site:
        cookie = (await opened(site, guest_link(config)))[2]
        evil = {"Origin": "http://evil.example", "Content-Type": "application/json"}
        assert (
            await code(
                site,
                "/api/cameras/front/controls",
                "PATCH",
                Cookie=cookie,
                Origin=evil["Origin"],
                Content_Type=evil["Content-Type"],
            )
            == 403
        )
