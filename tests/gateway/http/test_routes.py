"""The table of paths: each says what it takes, and none does without."""

import re
from urllib.parse import urljoin

import pytest
from tornado.routing import PathMatches
from tornado.web import Application

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import SCOPES, User
from framebus.credentials.links import PATTERN
from framebus.credentials.passwords import hash_password
from gateway.access.permissions import ANYONE, PUBLIC, Permission
from gateway.http.base_handler import BaseHandler
from gateway.http.routes import ACCOUNT, CONFIGURED, DAY, EXPORT, SEGMENT
from tests.conftest import Configure
from tests.gateway.access.accounts_site import add, code, token
from tests.gateway.conftest import Site, serving

PUBLIC_PATHS = {"/api/me", "/login", "/logout", "/healthz", "/page/(.*)", "/(favicon[.]ico)", f"/link/({PATTERN})"}
METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")


def routes(site: Site) -> dict[str, Permission]:
    """Every pattern of the table, and what it takes."""
    application = site.gateway._server.request_callback
    assert isinstance(application, Application)
    found = {}
    for rule in application.default_router.rules[0].target.rules:
        assert isinstance(rule.matcher, PathMatches)
        assert issubclass(rule.target, BaseHandler), f"{rule.matcher.regex.pattern} asks nobody"
        found[rule.matcher.regex.pattern.rstrip("$")] = rule.target_kwargs["permission"]
    return found


def paths(pattern: str) -> list[str]:
    """Paths that a pattern matches."""
    found = pattern.replace("/camera/([^/]+)", "/camera/front").replace("/api/cameras/([^/]+)", "/api/cameras/front")
    found = found.replace(f"({PATTERN})", "x" * 22).replace(ACCOUNT, "anna").replace(CONFIGURED, "front")
    found = (
        found.replace(EXPORT, "0" * 16)
        .replace(DAY, "2026-01-01")
        .replace(SEGMENT, "00-00-00.000Z.mkv")
        .replace("[.]", ".")
    )
    choice = re.search(r"\((?:\?:)?([^()]+)\)", found)
    if choice is None or choice[1] == ".*":
        return [found.replace("(.*)", "style.css")]
    return [found.replace(choice[0], each) for each in choice[1].split("|")]


@pytest.fixture
def closed(configure: Configure) -> Config:
    """A gateway that lets in Anna alone."""
    config = configure()
    with accounts.changing(config.secrets) as everybody:
        everybody.users["anna"] = User(hash_password("correct horse"))
    return config


async def test_every_route_says_what_it_takes(closed: Config) -> None:
    async with serving(closed) as site:
        table = routes(site)
    assert len(table) >= 19
    assert {pattern for pattern, permission in table.items() if permission in (PUBLIC, ANYONE)} == PUBLIC_PATHS
    assert all(
        permission.read and permission.write for pattern, permission in table.items() if pattern not in PUBLIC_PATHS
    )
    read = {pattern: permission.read for pattern, permission in table.items()}
    assert {scope for path, scope in read.items() if "/recordings" in path or "/events" in path} == {"recordings"}
    assert {path for path, scope in read.items() if scope == "admin"} == {
        *(path for path in table if path.startswith("/api/settings")),
        *("/settings", "/api/viewers", "/metrics"),
    }
    assert {scope for path, scope in read.items() if "snapshot" in path or "clip.(" in path} == {"snapshot"}


@pytest.mark.slow
async def test_a_closed_gateway_refuses_every_client_without_credentials(closed: Config) -> None:
    """Whatever the path and the method: 401, and the same for what is not there at all, or not allowed."""
    async with serving(closed) as site:
        for pattern, permission in routes(site).items():
            for path in paths(pattern):
                for method in METHODS:
                    answer = await site.get(path, method=method, allow_nonstandard_methods=True)
                    expected = {200, 303, 304, 405} if permission in (PUBLIC, ANYONE) else {401}
                    expected |= {404 if path.startswith("/page/") else 401}
                    expected |= {410} if path.startswith("/link/") and method == "POST" else set()
                    assert answer.code in ({204} if method == "OPTIONS" else expected), f"{method} {path}"
                    if permission not in (PUBLIC, ANYONE):
                        assert b"front" not in answer.body, f"{method} {path}"


@pytest.mark.medium
async def test_a_client_without_the_scope_of_a_path_is_refused(closed: Config) -> None:
    """Each client has all scopes but the one that a path and a method require, and admin, which includes all."""
    without = {scope: frozenset(SCOPES) - {scope, "admin"} for scope in SCOPES}
    add(closed, tokens={scope: token(f"without-{scope}", *scopes) for scope, scopes in without.items()})
    async with serving(closed) as site:
        for pattern, permission in routes(site).items():
            for path in paths(pattern):
                for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                    scope = permission.required_scope(method)
                    if scope is not None:
                        found = await code(site, path, method, Authorization=f"Bearer without-{scope}")
                        assert found == 403, f"{method} {path} without {scope}"


@pytest.mark.medium
async def test_a_client_of_another_camera_is_refused_on_every_path_of_a_camera_and_of_all(closed: Config) -> None:
    add(closed, tokens={"back": token("back", *SCOPES, cameras=("back",))})
    methods = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    async with serving(closed) as site:
        for pattern in routes(site):
            for path in paths(pattern):
                if path == "/metrics" or path.startswith("/api/settings") or "/front" in path:
                    found = {method: await code(site, path, method, Authorization="Bearer back") for method in methods}
                    assert set(found.values()) <= {403, 405}, f"{path}: {found}"
                    assert 403 in found.values(), path


async def test_no_websocket_opens_on_a_closed_gateway(closed: Config) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    async with serving(closed) as site:
        for path in ("/ws", "/camera/front/ws", "/camera/nothing/ws"):
            assert (await site.get(path, headers=upgrade)).code == 401


async def test_a_browser_is_sent_to_the_login(closed: Config) -> None:
    async with serving(closed) as site:
        for path in ("/", "/camera/front/"):
            answer = await site.get(f"{path}?token_like=secret", headers={"Accept": "text/html,*/*"})
            assert (answer.code, urljoin(path, answer.headers["Location"])) == (302, f"/login?next={path}")
            assert not answer.headers["Location"].startswith("/"), "a proxy may have us under a prefix"
        program = await site.get("/", headers={"Accept": "*/*"})
        assert (program.code, program.headers["WWW-Authenticate"]) == (401, 'Basic realm="framebus", charset="UTF-8"')
        script = await site.get("/api/cameras", headers={"Sec-Fetch-Mode": "cors"})
        assert (script.code, script.headers.get("WWW-Authenticate")) == (401, None)
