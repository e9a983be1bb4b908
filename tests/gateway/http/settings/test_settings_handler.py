"""Who may use the settings."""

import pytest

from framebus.config.load import Config
from framebus.credentials.accounts import User
from framebus.credentials.passwords import hash_password
from tests.conftest import Configure
from tests.gateway.access.accounts_site import ANNA, PASSWORD, add, basic, code, proof, site_with, token
from tests.gateway.conftest import serving
from tests.gateway.http.settings.client import ADMIN, call

EVIL = "http://evil.example"


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


async def test_as_it_comes_only_this_machine_may(config: Config) -> None:
    async with serving(config) as site:
        assert (await call(site, "GET"))[0] == 200
        assert (await call(site, "GET", X_Forwarded_For="192.0.2.7"))[0] == 401
        status, error = await call(site, "GET", Host="evil.example")
        assert (status, error["code"]) == (403, "other-host")


async def test_only_an_administrator_of_all_cameras_may(config: Config) -> None:
    add(config, users={"bert": User(hash_password(PASSWORD), ("view", "snapshot", "recordings", "control"))})
    add(config, users={"carl": User(hash_password(PASSWORD), ("admin",), ("front",))})
    async with site_with(config, users=ANNA, tokens={"t": token("secret", "control")}) as site:
        assert (await call(site, "GET"))[0] == 401
        assert (await call(site, "GET", **basic("bert", PASSWORD)))[0] == 403
        assert (await call(site, "GET", Authorization="Bearer secret"))[0] == 403
        status, error = await call(site, "GET", **basic("carl", PASSWORD))
        assert (status, error["message"]) == (403, "carl may see some cameras only, and the settings are of all")
        assert (await call(site, "GET", **ADMIN))[0] == 200


async def test_who_is_nobody_may_not_whatever_everybody_may(configure: Configure) -> None:
    config = configure(gateway='allow_anonymous = true\nanonymous_scopes = ["admin"]')
    async with site_with(config, users=ANNA) as site:
        assert await code(site, "/metrics") == 200
        assert (await call(site, "GET"))[0] == 401


async def test_the_configuration_can_forbid_them(configure: Configure) -> None:
    config = configure(gateway="settings = false")
    async with serving(config) as site:
        for method, path in (("GET", ""), ("POST", "/cameras"), ("PUT", "/users/anna"), ("POST", "/links")):
            status, error = await call(site, method, path, {} if method != "GET" else None)
            assert (status, error["code"]) == (403, "off")
            assert error["message"].startswith("settings = false in [gateway] forbids this")


@pytest.mark.parametrize(
    "headers", [{"Origin": EVIL}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}]
)
async def test_no_other_site_may_even_one_that_is_allowed_elsewhere(
    configure: Configure, headers: dict[str, str]
) -> None:
    config = configure(gateway=f'allow_origins = ["{EVIL}"]')
    async with site_with(config, users=ANNA) as site:
        cookie, _ = site.gateway._access.sessions.create("anna", proof())
        named = {"Cookie": f"{site.gateway._access.cookie}={cookie}", **headers}
        for method, body in (("GET", None), ("POST", {"name": "x", "source": "auto"})):
            status, error = await call(site, method, "/cameras" if body else "", body, **named)
            assert (status, error["code"]) == (403, "other-origin")
        answer = await site.get("/api/settings", headers={"Origin": EVIL, **ADMIN})
        assert "Access-Control-Allow-Origin" not in answer.headers
        preflight = await site.get(
            "/api/settings/cameras",
            method="OPTIONS",
            headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"},
        )
        assert not [name for name in preflight.headers if name.startswith("Access-Control-")]


async def test_the_own_page_may(config: Config) -> None:
    async with site_with(config, users=ANNA) as site:
        assert (await call(site, "GET", Origin=site.url, Sec_Fetch_Site="same-origin", **ADMIN))[0] == 200


async def test_a_form_of_another_page_cannot_send_a_change(config: Config) -> None:
    async with serving(config) as site:
        status, error = await call(site, "POST", "/cameras", {"name": "x"}, Content_Type="text/plain")
        assert (status, error["code"]) == (415, "wrong-type")
        assert (await call(site, "POST", "/cameras", ["x"]))[0] == 400
        assert (await call(site, "POST", "/cameras", {"source": "auto"}))[1]["message"].startswith("name: ")
