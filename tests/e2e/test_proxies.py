"""framebus behind the real nginx and the real Caddy, set up as deploy/ says, under a path of a server of theirs."""

import http.client
import io
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
from PIL import Image
from playwright.sync_api import Browser

from framebus.credentials import accounts
from framebus.credentials.accounts import User
from framebus.credentials.passwords import hash_password
from tests.conftest import TESTCARD, Configure, Start, write_config
from tests.e2e.closed_pipeline import ClosedPipeline
from tests.e2e.conftest import STRICT, Pipeline
from tests.e2e.mjpeg_reader import MjpegReader
from tests.e2e.proxies import PREFIX, Proxy
from tests.e2e.tab import Tab
from tests.ports import free_ports
from tests.processes import Running, python, wait_until

PROGRAMS = ("nginx", "caddy")
PASSWORD = "correct horse"
TRUSTED = """
trusted_proxies = ["127.0.0.1"]
allow_anonymous = true
anonymous_scopes = ["view", "snapshot", "control"]
"""
PAUSE_SECONDS = 2.0
FRESH_SECONDS = 1.5
"""Beyond the usual age, and less than the pause: a picture takes some hundredths, and more on a busy machine."""
ELSEWHERE = "127.0.0.2"
"""An address that is not that of the proxy, and is no trusted one."""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """One small test card, that trusts a proxy on this machine; the tests leave nothing behind in it."""
    folder = Path(tempfile.mkdtemp(prefix="framebus-"))
    (port,) = free_ports(1)
    config = write_config(folder, port, f'state_dir = "{folder}/state"\n{TESTCARD}', TRUSTED)
    log = tmp_path_factory.mktemp("up") / "log"
    pipeline = Pipeline(
        config, Running(*python("framebus", "up", "--config", str(config.path)), log=log, environment=STRICT)
    )
    try:
        pipeline.wait_until_whole()
        yield pipeline
    finally:
        pipeline.up.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def closed(configure: Configure, start: Start) -> ClosedPipeline:
    """The same, but it lets in Anna alone."""
    config = configure(TESTCARD, gateway='trusted_proxies = ["127.0.0.1"]')
    with accounts.changing(config.secrets) as everybody:
        everybody.users["anna"] = User(hash_password(PASSWORD))
    pipeline = ClosedPipeline(config, start("framebus", "up", config=config, environment=STRICT))
    pipeline.wait_until_whole()
    return pipeline


@contextmanager
def before(pipeline: Pipeline, program: str, folder: Path) -> Iterator[Proxy]:
    """One of the proxies, running before a pipeline."""
    (port,) = free_ports(1)
    proxy = Proxy(program, folder / program, port, str(pipeline.config.gateway.listen))
    try:
        yield proxy
    finally:
        proxy.close()


@pytest.fixture(scope="module", params=PROGRAMS)
def proxy(
    request: pytest.FixtureRequest, pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    """Each of them before the pipeline."""
    with before(pipeline, request.param, tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy


@pytest.fixture(params=PROGRAMS)
def closed_proxy(request: pytest.FixtureRequest, closed: ClosedPipeline, tmp_path: Path) -> Iterator[Proxy]:
    """Each of them before the closed pipeline."""
    with before(closed, request.param, tmp_path) as proxy:
        yield proxy


def ask(proxy: Proxy, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask the proxy from elsewhere, and follow no redirect."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10, source_address=(ELSEWHERE, 0))
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.headers), content


def cameras(proxy: Proxy, **headers: str) -> list[dict[str, dict[str, str]]]:
    """What /api/cameras says through the proxy."""
    found: list[dict[str, dict[str, str]]] = json.loads(ask(proxy, f"{PREFIX}/api/cameras", **headers)[2])["cameras"]
    return found


@pytest.mark.browser
def test_the_page_is_live_under_the_prefix(proxy: Proxy, browser: Browser) -> None:
    tab = Tab(browser, f"{proxy.url}/")
    tab.wait_for_pictures()
    assert tab.connection() == "open"
    tab.page.locator("[data-camera=front] .enlarge").click()
    tab.page.wait_for_url(f"{proxy.url}/camera/front/")
    tab.wait_for_pictures()
    tab.page.locator("a.home").click()
    tab.page.wait_for_url(f"{proxy.url}/")
    tab.wait_for_pictures()
    assert tab.complaints == []
    tab.page.close()


@pytest.mark.browser
def test_a_person_logs_in_and_out_under_the_prefix(closed_proxy: Proxy, browser: Browser) -> None:
    tab = Tab(browser, f"{closed_proxy.url}/camera/front/")
    page = tab.page
    assert page.url == f"{closed_proxy.url}/login?next=/camera/front/"
    page.fill("[name=name]", "anna")
    page.fill("[name=password]", PASSWORD)
    page.click("button")
    page.wait_for_url(f"{closed_proxy.url}/camera/front/")
    tab.wait_for_pictures()
    (cookie,) = page.context.cookies()
    assert cookie["path"] == f"{PREFIX}/", "the cookie is not for others behind the same proxy"
    page.click(".logout button")
    page.wait_for_url(f"{closed_proxy.url}/login")
    assert page.context.cookies() == []
    page.close()


def test_a_still_comes_through(proxy: Proxy) -> None:
    status, headers, content = ask(proxy, f"{PREFIX}/camera/front/snapshot.jpg?fresh=1")
    assert status == 200
    assert abs(time.time() - float(headers["X-Timestamp"])) < 10
    with Image.open(io.BytesIO(content)) as still:
        assert still.size == (320, 240)


def test_a_path_without_the_last_slash_leads_to_the_page_within_the_prefix(proxy: Proxy) -> None:
    for path in (PREFIX, f"{PREFIX}/camera/front"):
        status, headers, _ = ask(proxy, path)
        assert status in (301, 302)
        assert urljoin(f"{proxy.origin}{path}", headers["Location"]) == f"{proxy.origin}{path}/"


def test_the_addresses_of_a_camera_lead_to_it(proxy: Proxy) -> None:
    (front,) = cameras(proxy)
    urls = front["urls"]
    assert all(url.startswith(f"{PREFIX}/") for url in urls.values())
    for name in ("page", "stream", "snapshot", "controls"):
        method = "HEAD" if name == "stream" else "GET"
        assert ask(proxy, urls[name], method)[0] == 200, name


def test_a_client_cannot_say_what_the_proxy_has_to_say(closed_proxy: Proxy, closed: ClosedPipeline) -> None:
    status, headers, _ = ask(closed_proxy, f"{PREFIX}/", Accept="text/html", X_Forwarded_Prefix="/elsewhere")
    there = urljoin(f"{closed_proxy.origin}{PREFIX}/", headers["Location"])
    assert (status, there) == (302, f"{closed_proxy.origin}{PREFIX}/login?next=/")
    other = {"Origin": "http://example.com", "X_Forwarded_Host": "example.com"}
    assert ask(closed_proxy, f"{PREFIX}/logout", "POST", **other)[0] == 403, "a page of another site"
    assert ask(closed_proxy, f"{PREFIX}/stream?token=x", X_Forwarded_For="203.0.113.9")[0] == 401
    closed.up.wait_for(f"from {ELSEWHERE}")
    assert "203.0.113.9" not in closed.up.log


def test_a_stream_is_fresh_again_after_its_viewer_paused(proxy: Proxy) -> None:
    reader = MjpegReader(proxy.port, f"{PREFIX}/stream")
    before, usual = 0.0, 0.0
    for _ in range(10):
        jpeg, captured = reader.part()
        assert jpeg.startswith(b"\xff\xd8")
        assert jpeg.endswith(b"\xff\xd9")
        assert captured >= before, "an older one; the same one is a repeat while none comes"
        before, usual = captured, max(usual, time.time() - captured)
    time.sleep(PAUSE_SECONDS)
    wait_until(lambda: time.time() - reader.part()[1] < usual + FRESH_SECONDS, "a fresh picture")
    reader.close()


def test_a_viewer_who_leaves_is_noticed(proxy: Proxy, pipeline: Pipeline) -> None:
    reader = MjpegReader(proxy.port, f"{PREFIX}/stream")
    reader.part()
    wait_until(lambda: pipeline.cameras()[0]["viewers"] == 1, "one viewer")
    reader.close()
    wait_until(lambda: pipeline.cameras()[0]["viewers"] == 0, "no viewer")
