"""The rules of Access itself, without a gateway: links, renewed sessions, what ends an identity, and what is logged."""

import base64
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from framebus.config.load import Config
from framebus.credentials import links
from framebus.credentials.accounts import Token, User, fingerprint, token_hash
from framebus.credentials.passwords import hash_password
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.access import access as module
from gateway.access.access import Access
from gateway.access.identity import LOCAL, Identity
from gateway.access.sessions import cookie_name
from gateway.net.errors import HttpError
from gateway.net.forwarded import Client
from tests.clock import Clock
from tests.conftest import Configure
from tests.gateway.access.accounts_site import TWO, add

PASSWORD = "horse:battery"
ANNA = User(hash_password(PASSWORD), cameras=("front",))
FRIEND = Token(token_hash("never shown"), 1.0, ("view",), ("back",))
CLIENT = Client("192.0.2.7", "http", "camera.local")


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO)


@pytest.fixture
def access(config: Config) -> Iterator[Access]:
    add(config, users={"anna": ANNA}, tokens={"friend": FRIEND})
    config.state_dir.mkdir(parents=True, exist_ok=True)
    losses = RateLimitedLog(logging.getLogger("gateway"), Clock())
    access = Access(config.gateway, config.secrets, config.state_dir, losses)
    yield access
    access.close()


def request(uri: str = "/", **headers: str) -> HTTPServerRequest:
    return HTTPServerRequest(
        start_line=RequestStartLine("GET", uri, "HTTP/1.1"), headers=HTTPHeaders({"Host": "camera.local", **headers})
    )


def by(access: Access, cookie: str) -> Identity:
    identity = access._by_cookie(cookie)
    assert identity is not None
    return identity


async def refused(waiting: object) -> tuple[int, str, str]:
    with pytest.raises(HttpError) as refusal:
        await waiting  # type: ignore[misc]
    return refusal.value.status_code, refusal.value.code, refusal.value.message


# --- links -----------------------------------------------------------------------------------------------------------


async def test_a_link_logs_its_user_in_with_the_rights_of_that_user(access: Access, config: Config) -> None:
    secret = links.make(config.state_dir, "user", "anna", fingerprint(ANNA.scrypt))
    cookie, identity = await access.log_in_by_link(secret, CLIENT)
    assert identity == Identity(
        "user", "anna", frozenset(ANNA.scopes), frozenset({"front"}), fingerprint(ANNA.scrypt), "link"
    )
    session = by(access, cookie)
    assert msgspec.structs.replace(session, session="link") == identity
    assert session.session not in ("", "link")
    assert time.time() < session.expires <= time.time() + config.gateway.session_days * 86400


async def test_a_link_of_a_token_logs_in_with_the_rights_of_that_token(access: Access, config: Config) -> None:
    secret = links.make(config.state_dir, "token", "friend", fingerprint(FRIEND.sha256))
    cookie, identity = await access.log_in_by_link(secret, CLIENT)
    expected = Identity("token", "friend", frozenset({"view"}), frozenset({"back"}), fingerprint(FRIEND.sha256), "link")
    assert identity == expected
    assert access._token_usage == {}
    session = by(access, cookie)
    assert list(access._token_usage) == ["friend"], "its last use is shown"
    assert msgspec.structs.replace(session, session="link") == expected
    assert time.time() < session.expires <= time.time() + config.gateway.session_days * 86400


async def test_a_link_that_is_not_there_is_refused_and_counted(
    access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    gone = (410, "gone", "this link was opened already, is too old, or was taken back")
    assert await refused(access.log_in_by_link("1" * 22, CLIENT)) == gone
    assert caplog.messages == ["1 failed logins (1 in all): by a link, from 192.0.2.7"]


@pytest.mark.parametrize(("kind", "name"), [("user", "friend"), ("token", "anna")])
async def test_a_link_of_one_kind_logs_nobody_of_the_other_kind_in(
    kind: str, name: str, access: Access, config: Config
) -> None:
    stored = FRIEND.sha256 if name == "friend" else ANNA.scrypt
    secret = links.make(config.state_dir, kind, name, fingerprint(stored))  # type: ignore[arg-type]
    assert (await refused(access.log_in_by_link(secret, CLIENT)))[0] == 410


async def test_a_session_that_cannot_be_saved_is_said(access: Access, config: Config) -> None:
    secret = links.make(config.state_dir, "user", "anna", fingerprint(ANNA.scrypt))
    (config.state_dir / "session.key").mkdir()
    status, code, message = await refused(access.log_in_by_link(secret, CLIENT))
    assert (status, code) == (503, "no-session")
    assert message.startswith("the session cannot be saved: ")


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_a_session_in_use_is_renewed_and_stays_the_same(access: Access, config: Config) -> None:
    cookie = await access.log_in("anna", PASSWORD, CLIENT)
    identity = by(access, cookie)
    assert access.renewed_cookie(identity) is None, "it is new"
    assert access.renewed_cookie(msgspec.structs.replace(identity, session="", expires=0.0)) is None, "it has none"
    renewed = access.renewed_cookie(msgspec.structs.replace(identity, expires=time.time() + 1))
    assert renewed is not None
    assert by(access, renewed) == identity
    assert access.sessions.read(renewed) != access.sessions.read(cookie), "it ends later"


def new_link(kind: links.Kind, config: Config) -> str:
    """The secret of a one-time link for anna, or for the guest friend."""
    name, proof = ("anna", ANNA.scrypt) if kind == "user" else ("friend", FRIEND.sha256)
    return links.make(config.state_dir, kind, name, fingerprint(proof))


@pytest.mark.parametrize("kind", ["user", "token"])
async def test_an_identity_ends_with_its_time_its_logout_and_its_account(
    kind: links.Kind, access: Access, config: Config
) -> None:
    identity = by(access, (await access.log_in_by_link(new_link(kind, config), CLIENT))[0])
    assert access.is_still_valid(identity)
    assert not access.is_still_valid(msgspec.structs.replace(identity, expires=time.time() - 1))
    assert not access.is_still_valid(msgspec.structs.replace(identity, cameras=None))
    assert not access.is_still_valid(msgspec.structs.replace(identity, name="nobody"))
    access.sessions.log_out("another", identity.account)
    assert access.is_still_valid(identity)
    access.sessions.log_out(identity.session, identity.account)
    assert not access.is_still_valid(identity)


@pytest.mark.parametrize("kind", ["user", "token"])
async def test_a_session_ends_with_another_password_or_token_of_the_same_name(
    kind: links.Kind, access: Access, config: Config
) -> None:
    cookie, _ = await access.log_in_by_link(new_link(kind, config), CLIENT)
    by(access, cookie)
    add(config, users={"anna": User(hash_password("another"))}, tokens={"friend": Token(token_hash("another"), 2.0)})
    assert access._by_cookie(cookie) is None


def test_this_machine_and_anonymous_clients_may_stay_as_long_as_the_configuration_says(configure: Configure) -> None:
    config = configure(TWO)
    access = Access(config.gateway, config.secrets, config.state_dir, RateLimitedLog(logging.getLogger("gateway")))
    assert access.is_still_valid(LOCAL)
    assert not access.is_still_valid(Identity("anonymous"))
    add(config, users={"anna": ANNA})
    assert not access.is_still_valid(LOCAL), "there is an account now"
    access.close()


def test_the_cookie_and_the_check_of_origins_know_the_port(access: Access, config: Config) -> None:
    """Cookies are shared by all ports of a host: two gateways on one would log one another out."""
    port = config.gateway.listen.port
    assert access.cookie == cookie_name(port) != cookie_name(port + 1)
    assert access._origin_check.port == port


# --- credentials -----------------------------------------------------------------------------------------------------


async def test_a_password_may_have_a_colon_and_a_user_is_held_to_their_cameras(access: Access) -> None:
    basic = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    for _ in range(2):  # the second time from the cache
        identity = await access.identify(request(Authorization=f"Basic {basic}"), CLIENT)
        assert (identity.name, identity.cameras, identity.session) == ("anna", frozenset({"front"}), "")


async def test_bytes_that_are_no_text_are_wrong_credentials(access: Access) -> None:
    assert await refused(access.identify(request("/?token=%ff"), CLIENT)) == (
        401,
        "unauthorized",
        "invalid or revoked token",
    )
    assert module._basic_credentials(base64.b64encode(b"a\xff:b\xff").decode()) == ("a\ufffd", "b\ufffd")
    assert not access.passwords.is_cached("anna", "\udcff", ANNA, "local")


@pytest.mark.parametrize("credentials", ["YW5uYTp4\u00e4", "YW5u*YTp4", "=", ""])
def test_what_is_no_base64_is_nobody(credentials: str) -> None:
    assert module._basic_credentials(credentials) == ("", "")


async def test_a_wrong_token_and_too_many_of_them_are_logged_with_the_address(
    access: Access, caplog: pytest.LogCaptureFixture
) -> None:
    assert await refused(access.identify(request(Authorization="Bearer wrong"), CLIENT)) == (
        401,
        "unauthorized",
        "invalid or revoked token",
    )
    assert caplog.messages == ["1 failed logins (1 in all): invalid token from 192.0.2.7"]
    caplog.clear()
    for _ in range(20):
        access.throttle.record_attempt(CLIENT.address)
    access._losses._said_at = float("-inf")
    with pytest.raises(HttpError) as refusal:
        await access.identify(request(Authorization="Bearer wrong"), CLIENT)
    assert refusal.value.message == "too many failed logins from 192.0.2.7"
    assert refusal.value.retry_after_seconds is not None
    assert refusal.value.retry_after_seconds > 0
    assert caplog.messages == ["1 failed logins (2 in all): too many from 192.0.2.7"]


def test_the_last_use_of_tokens_that_cannot_be_saved_is_logged(
    access: Access, config: Config, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    access._token_usage["friend"] = 1.0
    access._state_dir = tmp_path / "file"
    access._state_dir.touch()
    access.save_token_usage()
    assert caplog.messages == ["the last use of tokens cannot be saved: File exists"]
    assert time.monotonic() - access._usage_saved_at < 60
