"""An open page follows a reload: which cameras it shows, whatever another worker lists meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Error, Route

from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.e2e.test_reload import FRONT, GARDEN, reload, write
from tests.processes import wait_until

if TYPE_CHECKING:  # older versions of playwright lack it
    from playwright.sync_api import WebSocketRoute

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def pipeline(up: Up) -> Pipeline:
    """With one camera."""
    return up(FRONT)


def test_an_open_page_shows_a_new_camera_and_drops_a_removed_one(pipeline: Pipeline, browser: Browser) -> None:
    tab = Tab(browser, pipeline.url)
    tab.wait_for_pictures("front")
    tab.page.evaluate("window.untouched = true")
    write(pipeline, FRONT + GARDEN)
    reload(pipeline)
    tab.wait_for_pictures("garden")
    older = tab.page.request.get(f"{pipeline.url}/api/cameras").text()
    asked: list[Route] = []

    def answer_as_a_worker_that_was_not_told_yet(route: Route) -> None:
        route.fulfill(body=older, content_type="application/json")
        asked.append(route)

    tab.page.route("**/api/cameras", answer_as_a_worker_that_was_not_told_yet)
    write(pipeline, FRONT)
    reload(pipeline)
    wait_until(lambda: tab.camera("garden") == {}, "the end of the removed camera's view")
    tab.wait_for_pictures("front")
    wait_until(lambda: tab.page.title() and asked, "that the page asks for the list")
    assert tab.camera("garden") == {}
    assert not tab.page.locator(".banner").is_visible()
    assert tab.page.evaluate("window.untouched")
    assert tab.complaints == []
    tab.page.close()


def test_a_page_that_reconnects_drops_the_cameras_that_were_removed_meanwhile(
    pipeline: Pipeline, browser: Browser
) -> None:
    """Whatever a worker that was not told yet lists."""
    write(pipeline, FRONT + GARDEN)
    reload(pipeline)
    tab = Tab(browser, "about:blank")
    connections: list[WebSocketRoute] = []

    def proxied(page: "WebSocketRoute") -> None:
        """The first connection is as good as lost when the cameras change: the page is not told."""
        server, is_first = page.connect_to_server(), not connections
        connections.append(page)
        server.on_message(lambda text: None if is_first and text == '{"cameras":["front"]}' else page.send(text))

    tab.page.route_web_socket("**/ws", proxied)
    tab.page.goto(pipeline.url)
    tab.wait_for_pictures("garden")
    older = tab.page.request.get(f"{pipeline.url}/api/cameras").text()
    tab.page.route("**/api/cameras", lambda route: route.fulfill(body=older, content_type="application/json"))
    write(pipeline, FRONT)
    with ThreadPoolExecutor(1) as elsewhere:  # this thread passes on what the websocket says: in silence, it is left
        reloading = elsewhere.submit(reload, pipeline)
        wait_until(lambda: tab.page.title() and reloading.done(), "the reload")
        reloading.result()
    tab.wait_for_pictures("front")
    assert tab.camera("garden") != {}
    connections[0].close()
    wait_until(lambda: tab.camera("garden") == {}, "the end of the removed camera's view")
    tab.wait_for_pictures("front")
    assert tab.camera("garden") == {}
    assert tab.page.locator(".banner-text").inner_text() == ""
    tab.page.close()


def test_an_open_page_loads_itself_again_after_an_update_unless_it_is_in_use(
    pipeline: Pipeline, browser: Browser
) -> None:
    tab = Tab(browser, pipeline.url)
    page = tab.page
    tab.wait_for_pictures("front")
    page.evaluate("window.untouched = true")
    asked: list[str] = []

    def answer_as_the_next_version(route: Route) -> None:
        try:
            listed = route.fetch().json()
        except Error:
            return route.abort()  # the gateway is just starting
        asked.append(listed["version"])
        return route.fulfill(json={**listed, "version": "99.0"})

    page.locator(".arrange").click()
    page.route("**/api/cameras", answer_as_the_next_version)
    pipeline.kill("gateway")
    wait_until(lambda: page.title() and asked, "the list of the new version")
    tab.wait_for_pictures("front")
    assert page.evaluate("window.untouched"), "a dialog is open"
    page.keyboard.press("Escape")

    def is_new() -> bool:
        try:
            return bool(page.evaluate("!window.untouched"))
        except Error:  # it is just being loaded
            return False

    wait_until(is_new, "the new page", 120)
    tab.wait_for_pictures("front")
    page.close()
