"""Who may do what, asked of a gateway over HTTP: scopes, credentials, origins and host names."""

import asyncio
import logging

import pytest

from framebus.config.load import Config
from gateway.access.password_cache import PasswordCache
from gateway.access.throttle import Throttle
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, TWO, basic, code, proof, site_with, token
from tests.gateway.conftest import serving
from tests.gateway.still_service import StillService


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TWO)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scope", "opens"),
    [
        ("view", {"/api/cameras", "/readyz", "/state", "/", "/api/cameras/front/controls"}),
        ("snapshot", {"/snapshot", "/camera/front/snapshot.jpg", "/camera/front/clip.avi", "/?action=snapshot"}),
        ("control", set()),
        ("admin", {"/metrics", "/api/cameras", "/readyz", "/state", "/", "/snapshot", "/?action=snapshot"}),
    ],
)
async def test_a_scope_opens_its_paths_and_no_others(scope: str, opens: set[str], config: Config) -> None:
    every = {"/api/cameras", "/readyz", "/state", "/", "/snapshot", "/?action=snapshot", "/metrics"}
    async with site_with(config, tokens={"t": token("secret", scope)}) as site:
        for path in every | opens:
            answer = await code(site, f"{path}{'&' if '?' in path else '?'}timeout=0.05", Authorization="Bearer secret")
            assert (answer != 403) == (path in opens), path


async def test_controls_take_their_own_scope_to_be_set(config: Config) -> None:
    tokens = {"v": token("viewing", "view"), "c": token("turning", "control", "view")}
    path = "/api/cameras/front/controls"
    async with site_with(config, tokens=tokens) as site:
        for method in ("PATCH", "POST", "DELETE"):
            assert await code(site, path, method, Authorization="Bearer viewing") == 403
        assert await code(site, path, "PATCH", Authorization="Bearer turning") == 415


@pytest.mark.parametrize("path", ["/", "/camera/front/", "/login"])
async def test_every_page_says_what_it_may_do(path: str, config: Config) -> None:
    async with serving(config) as site:
        policy = (await site.get(path)).headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("path", ["/snapshot", "/camera/front/clip.avi", "/camera/front/clip.mjpg"])
async def test_the_rate_is_of_the_client_and_not_of_its_proxy(path: str, configure: Configure) -> None:
    gateway = 'trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true\nstills_per_second = 1'
    config = configure(TWO, gateway=gateway)
    async with serving(config) as site, StillService(config).refusing("no-frame", "none yet"):
        codes = [await code(site, path, X_Forwarded_For="192.0.2.1") for _ in range(3)]
        assert codes == [503, 503, 429]
        assert await code(site, path, X_Forwarded_For="192.0.2.2") == 503


async def test_without_accounts_credentials_are_ignored(config: Config) -> None:
    """As with every parameter that is not known: URLs that people have go on to work."""
    async with serving(config) as site:
        assert await code(site, "/api/cameras?token=theirs", **basic("their", "own")) == 200


async def test_a_token_is_known_however_others_guess(config: Config) -> None:
    async with site_with(config, tokens={"t": token("secret", "view")}) as site:
        assert [await code(site, "/api/cameras?token=guess") for _ in range(7)] == [401] * 5 + [429] * 2
        assert await code(site, "/api/cameras?token=secret") == 200


async def test_a_poller_with_a_password_costs_one_hash(config: Config) -> None:
    hashes: list[str] = []

    def check(password: str, stored: str) -> bool:
        hashes.append(password)
        return password == PASSWORD

    async with site_with(config, users=ANNA) as site:
        site.gateway._access.passwords.close()
        site.gateway._access.passwords = PasswordCache(check)
        answers = [await code(site, "/api/cameras", **basic("anna", PASSWORD)) for _ in range(30)]
        assert answers == [200] * 30
        assert len(hashes) == 1


async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        wrong = [await site.get("/api/cameras", headers=basic(name, "wrong")) for name in ("anna", "berta")]
        assert [answer.code for answer in wrong] == [401, 401]
        assert wrong[0].body == wrong[1].body
        assert b"wrong user name or password" in wrong[0].body


@pytest.mark.slow
async def test_who_guesses_is_slowed_down_and_who_is_known_is_not(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    async with site_with(config, users=ANNA) as site:
        site.gateway._access.throttle = Throttle(now=lambda: 100.0)  # a busy machine makes no pause pass
        assert await code(site, "/api/cameras", **basic("anna", PASSWORD)) == 200
        answers = [await site.get("/api/cameras", headers=basic("anna", f"guess {n}")) for n in range(8)]
        assert [answer.code for answer in answers] == [401] * 5 + [429] * 3
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert await code(site, "/api/cameras?token=guess") == 429
        assert await code(site, "/api/cameras", **basic("anna", PASSWORD)) == 200, "that one is known already"
        site.gateway._refused.flush()
    assert "failed logins" in caplog.text
    assert "as 'anna', from 127.0.0.1" in caplog.text
    assert "guess" not in caplog.text


@pytest.mark.slow
async def test_guesses_at_once_are_no_way_round(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        site.gateway._access.throttle = Throttle(now=lambda: 100.0)
        answers = await asyncio.gather(*(code(site, "/api/cameras", **basic("anna", f"{n}")) for n in range(10)))
    assert sorted(answers) == [401] * 5 + [429] * 5


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Basic", "Bearer"])
async def test_credentials_that_a_proxy_sends_again_are_read_once(kind: str, count: int, config: Config) -> None:
    headers = basic("anna", PASSWORD) if kind == "Basic" else {"Authorization": "Bearer secret"}
    async with site_with(config, users=ANNA, tokens={"t": token("secret", "view")}) as site:
        both = {"Authorization": ",".join([headers["Authorization"]] * count)}
        assert await code(site, "/api/cameras", **both) == 200
        assert await code(site, "/api/cameras", **{"Authorization": f"{headers['Authorization']}, Basic other"}) == 200


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic " + "A" * 5000, "Bearer", "Bearer x", "Digest x", "Basic /////w==", "x", "Basic YQ=="],
)
async def test_whatever_is_sent_as_credentials_is_refused(header: str, config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        assert await code(site, "/api/cameras", Authorization=header) == 401


async def test_without_people_this_machine_may_do_everything(config: Config) -> None:
    async with serving(config) as site:
        for path in ("/api/cameras", "/metrics", "/"):
            assert await code(site, path) == 200
        assert await code(site, "/api/cameras/front/controls", "PATCH") == 415


@pytest.mark.parametrize(
    "host", ["x", "localhost:8080", "127.0.0.1", "[::1]:8080", "pi.local", "cam.home.arpa", "192.0.2.1"]
)
async def test_it_is_called_by_names_of_its_own(host: str, config: Config) -> None:
    async with serving(config) as site:
        assert await code(site, "/api/cameras", Host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "a.local.evil.example", "evil.example.", "[", "a]b"]
)
async def test_a_public_name_that_leads_here_is_an_attack(host: str, config: Config) -> None:
    async with serving(config) as site:
        assert await code(site, "/api/cameras", Host=host) in (400, 403)
        assert await code(site, "/healthz", Host="evil.example") == 200


async def test_who_comes_through_a_proxy_is_not_of_this_machine(configure: Configure) -> None:
    config = configure(TWO, gateway='trusted_proxies = ["127.0.0.1"]')
    async with serving(config) as site:
        assert await code(site, "/api/cameras", X_Forwarded_For="192.0.2.1") == 401
        assert await code(site, "/healthz", X_Forwarded_For="192.0.2.1") == 200


async def test_a_proxy_may_bring_everybody_under_any_name(configure: Configure) -> None:
    config = configure(TWO, gateway='trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true')
    async with serving(config) as site:
        assert await code(site, "/api/cameras", Host="cam.example") == 200
        assert await code(site, "/metrics", Host="cam.example") == 401


async def test_anonymous_may_what_they_may(configure: Configure) -> None:
    config = configure(TWO, gateway="allow_anonymous = true")
    async with site_with(config, users=ANNA) as site:
        assert await code(site, "/api/cameras") == 200
        assert await code(site, "/metrics") == 401
        assert await code(site, "/metrics", **basic("anna", PASSWORD)) == 200
        assert await code(site, "/api/cameras/front/controls", "PATCH") == 401
        assert await code(site, "/api/cameras", **basic("anna", "wrong")) == 401, (
            "who says who it is has to be that one"
        )


ORIGINS = [
    (None, True),
    ("http://{host}", True),
    ("https://{host}", True),
    ("http://evil.example", False),
    ("http://{host}.evil.example", False),
    ("http://evil.example/{host}", False),
    ("null", False),
    ("", True),
    ("http://[", False),
    ("http://listed.example", True),
]


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
async def test_another_sites_page_may_change_nothing(origin: str | None, allowed: bool, configure: Configure) -> None:
    config = configure(TWO, gateway='allow_origins = ["http://listed.example"]')
    async with serving(config) as site:
        headers = {} if origin is None else {"Origin": origin.format(host=str(config.gateway.listen))}
        answer = await site.get(
            "/api/cameras/front/controls", method="PATCH", headers=headers, allow_nonstandard_methods=True
        )
        assert (answer.code == 415) == allowed
        assert allowed or answer.code == 403
        login = await site.get("/login", method="POST", headers=headers, body="name=a&password=b")
        assert (login.code == 401) == allowed


async def test_a_page_that_says_it_is_of_elsewhere_is_believed(config: Config) -> None:
    async with serving(config) as site:
        assert await code(site, "/login", "POST", Sec_Fetch_Site="cross-site") == 403


async def test_with_allow_origins_for_all_no_page_may_use_a_cookie(configure: Configure) -> None:
    """`*` lets every site read what is open; what somebody's browser adds by itself is not open."""
    config = configure(TWO, gateway='allow_origins = ["*"]')
    async with site_with(config, users=ANNA) as site:
        cookie, _ = site.gateway._access.sessions.create("anna", proof())
        asked = {"Cookie": f"{site.gateway._access.cookie}={cookie}", "Origin": "http://evil.example"}
        assert await code(site, "/api/cameras/front/controls", "PATCH", **asked) == 403
        assert await code(site, "/logout", "POST", **asked) == 403
        by_password = {**basic("anna", PASSWORD), "Origin": "http://evil.example"}
        assert await code(site, "/api/cameras/front/controls", "PATCH", **by_password) == 403
        mine = {**asked, "Origin": f"http://{config.gateway.listen}"}
        assert await code(site, "/api/cameras/front/controls", "PATCH", **mine) == 415


async def test_secrets_are_in_no_answer(config: Config) -> None:
    async with site_with(config, users=ANNA, tokens={"t": token("s3cret", "admin")}) as site:
        for path in (
            "/api/cameras",
            "/metrics",
            "/state",
            "/camera/front",
            "/nothing",
            "/camera/x/",
            "/readyz",
            "/api/me",
        ):
            answer = await site.get(f"{path}?token=s3cret")
            everything = answer.body + str(dict(answer.headers)).encode()
            assert b"s3cret" not in everything, path
            assert b"scrypt" not in everything, path


async def test_what_is_open_to_everybody_holds_no_credentials_against_anybody(config: Config) -> None:
    """Six pictures on another site's page would else lock a household out of its login."""
    async with site_with(config, users=ANNA) as site:
        for _ in range(8):
            assert await code(site, "/healthz?token=wrong") == 200
            assert await code(site, "/page/app.js", **basic("anna", "wrong")) == 200
            assert await code(site, "/stream?token=wrong", Sec_Fetch_Site="cross-site") == 401
        assert await code(site, "/api/cameras", **basic("anna", PASSWORD)) == 200


@pytest.mark.parametrize(
    "request_text",
    [
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 27\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\nname=anna&password=s3cr%F6t",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer fb_s3cr\r\r\n\r\n",
        b"GET /?%74oken=fb_s3cr&action=%FF HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_what_cannot_be_read_is_not_quoted(
    request_text: bytes, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with site_with(config, users=ANNA) as site:
        reader, writer = await asyncio.open_connection(config.gateway.listen.host, config.gateway.listen.port)
        writer.write(request_text)
        await asyncio.wait_for(reader.read(1000), 10)
        writer.close()
        site.gateway._refused.flush()
    assert "s3cr" not in caplog.text
