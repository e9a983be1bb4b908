"""People and tokens for real: a gateway that lets in whom it knows, the page in Chromium, and programs."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from framebus.config.load import Config
from framebus.credentials import accounts
from framebus.credentials.accounts import Token, User, new_token, token_hash
from framebus.credentials.passwords import hash_password
from tests.conftest import TESTCARD, Configure, Start
from tests.e2e.closed_pipeline import ClosedPipeline
from tests.e2e.conftest import STRICT, Pipeline
from tests.e2e.tab import Tab
from tests.processes import wait_until

PASSWORD = "correct horse"


@pytest.fixture
def closed(configure: Configure, start: Start) -> Iterator[ClosedPipeline]:
    """One camera; Anna may do everything."""
    config = configure(TESTCARD)
    with accounts.changing(config.secrets) as everybody:
        everybody.users["anna"] = User(hash_password(PASSWORD))
    closed = ClosedPipeline(config, start("framebus", "up", config=config, environment=STRICT))
    closed.wait_until_whole()
    yield closed
    assert "Traceback" not in closed.up.log
    assert PASSWORD not in closed.up.log


def status(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.browser
def test_a_person_logs_in_watches_and_logs_out(closed: ClosedPipeline, browser: Browser) -> None:
    tab = Tab(browser, f"{closed.url}/camera/front/")
    page = tab.page
    assert page.url == f"{closed.url}/login?next=/camera/front/"
    page.fill("[name=name]", "anna")
    page.fill("[name=password]", "wrong horse")
    page.click("button")
    assert page.inner_text(".login-message") == "Wrong user name or password."
    assert page.input_value("[name=name]") == "anna", "only the password has to be typed again"
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    page.wait_for_url(f"{closed.url}/camera/front/")
    tab.wait_for_pictures()
    assert page.inner_text(".user-name") == "anna"
    desktop = page.viewport_size
    assert desktop
    page.set_viewport_size({"width": 280, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth") <= 280, "the narrowest phone scrolls up and down only"
    page.set_viewport_size(desktop)
    (cookie,) = page.context.cookies()
    port = closed.config.gateway.listen.port
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (f"framebus_session_{port}", True, "Lax")
    assert page.evaluate("document.cookie") == ""
    kept = f"framebus_session_{port}={cookie['value']}"
    assert status(f"{closed.url}/api/cameras", Cookie=kept) == 200
    page.click(".logout button")
    page.wait_for_url(f"{closed.url}/login")
    assert status(f"{closed.url}/api/cameras", Cookie=kept) == 401, "a cookie copied before the logout"
    refused = [complaint for complaint in tab.complaints if "401" not in complaint]
    assert refused == []
    page.close()


@pytest.mark.browser
def test_the_page_goes_to_the_login_when_the_session_ends(
    closed: ClosedPipeline, browser: Browser, start: Start
) -> None:
    tab = Tab(browser, f"{closed.url}/?wall")
    tab.page.fill("[name=name]", "anna")
    tab.page.fill("[name=password]", PASSWORD)
    tab.page.click("button")
    tab.wait_for_pictures()
    assert tab.page.evaluate("document.body.dataset.wall") == "true", "the wall view that was asked for"
    with accounts.changing(closed.config.secrets) as everybody:
        everybody.users["anna"] = User(hash_password("another horse"))
    tab.page.wait_for_url(f"{closed.url}/login?next=%2F%3Fwall%3D", timeout=15_000)
    tab.page.close()


@pytest.mark.browser
def test_a_page_with_a_token_needs_no_login(closed: ClosedPipeline, browser: Browser) -> None:
    token, watching, managing = new_token(), new_token(), new_token()
    with accounts.changing(closed.config.secrets) as everybody:
        everybody.tokens["dashboard"] = Token(token_hash(token), 0, ("view", "snapshot"))
        everybody.tokens["watching"] = Token(token_hash(watching), 0, ("view",))
        everybody.tokens["managing"] = Token(token_hash(managing), 0, accounts.SCOPES)
    tab = Tab(browser, f"{closed.url}/?token={token}")
    tab.wait_for_pictures()
    still = tab.page.get_attribute(".still", "href") or ""
    assert status(still) == 200
    assert status(still.replace(token, "x")) == 401
    wait_until(lambda: tab.page.is_visible(".still"), "the button")
    assert tab.page.is_hidden(".logout")
    viewer = Tab(browser, f"{closed.url}/?token={watching}")
    viewer.wait_for_pictures()
    assert status(still.replace(token, watching)) == 403
    assert viewer.page.is_hidden(".still"), "no button that is refused"
    viewer.page.goto(f"{closed.url}/settings?token={managing}")
    viewer.page.wait_for_selector("body[data-ready]")
    assert viewer.page.is_hidden(".not-loaded")
    viewer.page.click(".home")
    viewer.page.wait_for_url(f"{closed.url}/?token={managing}")
    viewer.page.close()
    with accounts.changing(closed.config.secrets) as everybody:
        del everybody.tokens["dashboard"]
    tab.page.wait_for_url("**/login?**", timeout=15_000)
    assert token not in closed.up.log
    tab.page.close()


def test_nothing_is_inline_and_nothing_may_come_from_elsewhere(closed: ClosedPipeline) -> None:
    with urllib.request.urlopen(f"{closed.url}/login", timeout=10) as answer:
        rules = answer.headers["Content-Security-Policy"]
        page = answer.read().decode()
    assert "default-src 'none'" in rules
    assert "frame-ancestors 'self'" in rules
    assert "unsafe" not in rules
    assert "<script>" not in page
    assert "style=" not in page
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.browser
def test_the_page_breaks_none_of_its_own_rules(pipeline: Pipeline, browser: Browser) -> None:
    tab = Tab(browser, pipeline.url)
    tab.wait_for_pictures()
    tab.page.click("[data-camera=front] .open-details")
    assert tab.complaints == []
    tab.page.close()


def test_a_stream_ends_with_its_token(closed: ClosedPipeline) -> None:
    token = new_token()
    with accounts.changing(closed.config.secrets) as everybody:
        everybody.tokens["player"] = Token(token_hash(token), 0, ("view",))
    connection = http.client.HTTPConnection(str(closed.config.gateway.listen), timeout=20)
    connection.request("GET", f"/stream?token={token}")
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"boundary" in answer.readline()
    with accounts.changing(closed.config.secrets) as everybody:
        del everybody.tokens["player"]
    while answer.read(65536):
        pass
    answer.close()
    connection.close()


@pytest.fixture
def run(start: Start, closed: ClosedPipeline) -> Callable[..., str]:
    """Run a command to its end; returns what it printed."""

    def command(*arguments: str) -> str:
        ran = start("framebus", *arguments, config=closed.config)
        assert ran.ended() == 0, ran.log
        return ran.log

    return command


def test_a_token_is_made_used_listed_and_removed(closed: ClosedPipeline, run: Callable[..., str]) -> None:
    token = run("token", "add", "octoprint", "--scope", "snapshot", "--camera", "front").splitlines()[0]
    assert status(f"{closed.url}/snapshot?token={token}") == 200
    assert status(f"{closed.url}/snapshot", Authorization=f"Bearer {token}") == 200
    assert status(f"{closed.url}/?action=snapshot&token={token}") == 200
    assert status(f"{closed.url}/api/cameras?token={token}") == 403
    assert "snapshot of front" in run("token", "list")
    run("token", "remove", "octoprint")
    assert status(f"{closed.url}/snapshot?token={token}") == 401
    assert run("token", "list") == ""
    assert token not in closed.up.log


def test_the_secrets_file_is_for_its_owner_alone(closed: ClosedPipeline, start: Start) -> None:
    assert closed.config.secrets.stat().st_mode & 0o777 == 0o600
    closed.config.secrets.chmod(0o644)
    refused = start("framebus", "token", "list", config=closed.config)
    assert refused.ended() == 1
    assert refused.log == (
        f"{closed.config.secrets} can be read by others (mode 0644); run: chmod 600 {closed.config.secrets}\n"
    )
    assert status(f"{closed.url}/api/cameras") == 401, "those who were in it stay in force"


def test_a_gateway_does_not_start_with_secrets_that_it_cannot_use(configure: Configure, start: Start) -> None:
    config = configure()
    config.secrets.write_text("{")
    config.secrets.chmod(0o600)
    gateway = start("gateway", config=config)
    assert gateway.ended() == 1
    assert f"{config.secrets} is no JSON; allowed: what framebus writes there" in gateway.log


def test_open_to_the_network_needs_people(run_dir: Path, start: Start) -> None:
    file = run_dir / "framebus.toml"
    file.write_text(f'run_dir = "{run_dir}"\n[gateway]\nlisten = "0.0.0.0:8089"\n')
    refused = start("gateway", "--config", str(file))
    assert refused.ended() == 2
    assert "run `framebus passwd NAME` first" in refused.log
    assert "allow_anonymous = true" in refused.log


def test_what_is_known_of_a_person(closed: ClosedPipeline) -> None:
    def me(config: Config, **headers: str) -> dict[str, object]:
        request = urllib.request.Request(f"http://{config.gateway.listen}/api/me", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, object] = json.load(answer)
            return found

    assert me(closed.config) == {
        "kind": "anonymous",
        "name": "",
        "scopes": [],
        "cameras": None,
        "session": False,
        "login": True,
        "settings": False,
    }
    anna = me(closed.config, Authorization="Basic YW5uYTpjb3JyZWN0IGhvcnNl")
    assert (anna["kind"], anna["name"], anna["session"], anna["settings"]) == ("user", "anna", False, True)
