"""The page where no websocket gets through: behind the real Squid and Varnish, and where the browser opens none."""

import getpass
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from framebus.config.load import Config
from framebus.protocol.wire import pack
from tests.conftest import Configure, Start
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.tab import Tab
from tests.gateway.camera import PublishedCamera, jpeg
from tests.ports import free_ports
from tests.processes import Running, wait_until
from tests.programs import need

pytestmark = pytest.mark.browser

TRUSTED = 'trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true'
NAMES = [f"c{number}" for number in range(7)]
SEVEN = "".join(f'[camera.{name}]\nsource = "testcard"\n' for name in NAMES)
BANNER = "No websocket gets through to the camera server (a proxy?): streams are shown, and stills beyond five."

STRETCH = 1.2
"""How much a picture may be stretched in a tile among others."""
WIDTH_STEP = 16
"""A stream's width is asked for in steps of so many pixels, as over the websocket."""

NO_WEBSOCKET = """
    window.blocked = 0;
    window.WebSocket = class extends WebSocket {
        constructor(url, protocol) {
            super(Number.isNaN(window.blocked) ? url : url.replace("/ws", "/none"), protocol);
            window.blocked += 1;
        }
    };
"""
"""Opens nothing until `blocked` is NaN, and counts how often it was tried."""


class Tally:
    """The streams that a page has opened, and its stills."""

    def __init__(self, tab: Tab) -> None:
        self.streams: set[Request] = set()
        self.most_streams = 0
        self.urls: list[str] = []
        tab.page.on("request", self._began)
        tab.page.on("requestfailed", self._ended)
        tab.page.on("requestfinished", self._ended)

    def _began(self, request: Request) -> None:
        self.urls.append(request.url)
        if "stream.mjpg" in request.url:
            self.streams.add(request)
        self.most_streams = max(self.most_streams, len(self.streams))

    def _ended(self, request: Request) -> None:
        self.streams.discard(request)


@pytest.fixture
def blank(browser: Browser) -> Iterator[Tab]:
    """A tab without a page."""
    tab = Tab(browser, "about:blank")
    yield tab
    tab.page.close()


def states(tab: Tab) -> dict[str, str]:
    """What the page says of each camera."""
    views = "[...document.querySelectorAll('camera-view')].map(v => [v.dataset.camera, v.dataset.state])"
    return dict(tab.page.evaluate(views))


@contextmanager
def publishing(config: Config) -> Iterator[None]:
    """Seven cameras of five frames per second, without their processes."""
    cameras = [PublishedCamera(config, name) for name in NAMES]
    ended = threading.Event()

    def publish() -> None:
        while not ended.wait(0.2):
            for camera in cameras:
                header = camera.show(jpeg())
                camera.send(pack("peek", camera.camera, header, jpeg()))
                camera.say()

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for camera in cameras:
            camera.close()


def test_five_streams_and_stills_take_its_place_until_it_opens(blank: Tab, configure: Configure, start: Start) -> None:
    config = configure(SEVEN)
    start("snapshot", config=config)
    start("gateway", config=config).wait_for("listening on")
    with publishing(config):
        check_fallback(blank, f"http://{config.gateway.listen}")


def check_fallback(blank: Tab, url: str) -> None:
    """The page of seven cameras without a websocket, and then with one."""
    blank.page.add_init_script(NO_WEBSOCKET)
    tally = Tally(blank)
    blank.page.goto(url)
    expected = dict.fromkeys(NAMES[:5], "live") | dict.fromkeys(NAMES[5:], "stills")
    wait_until(lambda: states(blank) == expected, "five streams and two stills")
    for name in expected:
        before = blank.drawn(name)
        wait_until(lambda name=name, before=before: blank.drawn(name) > before, f"more pictures of {name}")  # type: ignore[misc]
    assert blank.page.locator(".banner").inner_text().strip() == BANNER
    assert blank.page.locator(".summary").inner_text() == "7 cameras"
    assert tally.most_streams == 5
    width = blank.page.evaluate("document.querySelector('.picture').clientWidth * devicePixelRatio")
    wanted = ceil(width / STRETCH / WIDTH_STEP) * WIDTH_STEP
    assert f"{url}/camera/c0/stream.mjpg?width={wanted}" in tally.urls
    assert float(blank.camera("c0")["ageMs"]) < 3000
    tried = blank.page.evaluate("window.blocked")
    wait_until(lambda: blank.page.evaluate("window.blocked") > tried, "the websocket is tried again")
    blank.page.evaluate("window.blocked = NaN")
    wait_until(lambda: set(states(blank).values()) == {"live"}, "all cameras on the websocket")
    wait_until(lambda: states(blank) and not tally.streams, "no stream is left")
    assert not blank.page.locator(".banner").is_visible()


def test_a_camera_that_goes_is_offline_there_as_well(blank: Tab, pipeline: Pipeline) -> None:
    blank.page.route_web_socket("**/ws", lambda socket: socket.close())
    blank.page.goto(pipeline.url)
    blank.wait_for_pictures()
    os.kill(pipeline.processes()["capture front"], 19)
    blank.wait_for_state("offline")
    os.kill(pipeline.processes()["capture front"], 18)
    blank.wait_for_pictures()


def squid(folder: Path, port: int, framebus: str) -> tuple[str, ...]:
    """Runs Squid as a reverse proxy. It opens no websockets unless it is told to."""
    folder.mkdir()
    host, framebus_port = framebus.split(":")
    user = f"cache_effective_user {getpass.getuser()}\n" if os.geteuid() != 0 else "cache_effective_user proxy\n"
    (folder / "squid.conf").write_text(
        f"http_port 127.0.0.1:{port} accel defaultsite={framebus}\n"
        f"cache_peer {host} parent {framebus_port} 0 no-query originserver\n"
        f"http_access allow all\naccess_log none\ncache_log {folder}/cache.log\npid_filename none\ncache deny all\n"
        f"coredump_dir {folder}\nshutdown_lifetime 1 seconds\npinger_enable off\n{user}"
    )
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "proxy", str(folder)], check=True)
        for parent in folder.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    # With a name of its own, as what it shares in /dev/shm is named by that, and one that was killed leaves it there.
    return (need("squid"), "-N", "-n", f"framebus{port}", "-f", str(folder / "squid.conf"))


def varnish(folder: Path, port: int, framebus: str) -> tuple[str, ...]:
    """Runs Varnish with the VCL that its documentation begins with. It opens no websockets without `pipe`."""
    folder.mkdir()
    host, framebus_port = framebus.split(":")
    (folder / "default.vcl").write_text(
        f'vcl 4.1;\nbackend default {{ .host = "{host}"; .port = "{framebus_port}"; }}\n'
    )
    listen = ("-a", f"127.0.0.1:{port}", "-f", str(folder / "default.vcl"))
    jail = ("-j", "none")
    return (need("varnishd"), "-F", *jail, "-n", str(folder / "work"), *listen, "-s", "malloc,16m")


@pytest.mark.slow
@pytest.mark.parametrize("proxy", [squid, varnish], ids=["squid", "varnish"])
def test_the_page_shows_pictures_behind_proxies_without_websockets(
    proxy: object, blank: Tab, up: Up, tmp_path: Path
) -> None:
    pipeline = up(gateway=TRUSTED)
    (port,) = free_ports(1)
    line = proxy(tmp_path / "proxy", port, str(pipeline.config.gateway.listen))  # type: ignore[operator]
    running = Running(*line, log=tmp_path / "proxy-log", environment={})
    try:
        tally = Tally(blank)

        def opened() -> bool:
            assert running.process.poll() is None, running.log
            try:
                blank.page.goto(f"http://127.0.0.1:{port}/")
            except Exception:  # playwright's error while the proxy does not listen yet
                return False
            return True

        wait_until(opened, f"the proxy; its log:\n{running.log}")
        blank.wait_for_pictures(more=20)
        assert blank.page.evaluate("document.body.dataset.fallback") == "true"
        assert any("stream.mjpg?width=" in url for url in tally.urls)
    finally:
        running.close()
