"""WebKitGTK on a screen in memory, by WebDriver (w3c.github.io/webdriver): Debian's, which playwright cannot drive."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_ports
from tests.processes import wait_until
from tests.programs import need

BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
ANSWER_SECONDS = 60.0
START_SECONDS = 60.0


class WebKit:
    """One tab."""

    def __init__(self, driver: str, browser: str) -> None:
        options = {"binary": browser, "args": ["--automation"]}
        capabilities = {"browserName": "MiniBrowser", "webkitgtk:browserOptions": options}
        self._session = driver
        answer = self._ask("session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"{driver}/session/{answer['sessionId']}"

    def go_to(self, url: str) -> None:
        """Load a page."""
        self._ask("url", {"url": url})

    def evaluate(self, expression: str) -> Any:
        """The value of an expression."""
        return self._ask("execute/sync", {"script": f"return {expression}", "args": []})

    def press(self, keys: str) -> None:
        """Press keys, one after another."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def wait_until(self, condition: str) -> None:
        """Wait until an expression is true."""
        wait_until(lambda: self.evaluate(condition), condition, ANSWER_SECONDS)

    def close(self) -> None:
        """End the browser."""
        request = urllib.request.Request(self._session, method="DELETE")
        urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()

    def _ask(self, command: str, parameters: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._session}/{command}", json.dumps(parameters).encode(), headers)
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            return json.load(answer)["value"]


@contextmanager
def webkit(home: Path) -> Iterator[WebKit]:
    """A running WebKitGTK with its files in this folder; without it, the test is skipped."""
    browsers = sorted(Path("/").glob(BROWSERS[1:]))
    if not browsers:
        pytest.skip("webkit2gtk-driver is not installed")
    home.mkdir(exist_ok=True)
    with ExitStack() as started:
        screen = subprocess.Popen(
            [need("Xvfb"), "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.callback(end, screen)
        assert screen.stdout is not None
        environment = {
            "DISPLAY": f":{screen.stdout.readline().strip()}",
            "GDK_BACKEND": "x11",
            "HOME": str(home),
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "PATH": "/usr/bin:/bin",
            "XDG_RUNTIME_DIR": str(home),
        }
        (port,) = free_ports(1)
        driver = subprocess.Popen(
            [need("WebKitWebDriver"), f"--port={port}"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.callback(end, driver)
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_there(url), "WebKitWebDriver", START_SECONDS)
        browser = WebKit(url, str(browsers[-1]))
        started.callback(browser.close)
        yield browser


def is_there(driver: str) -> bool:
    """Whether it answers."""
    try:
        with urllib.request.urlopen(f"{driver}/status", timeout=5) as answer:
            return bool(json.load(answer)["value"]["ready"])
    except OSError:
        return False


def end(process: "subprocess.Popen[Any]") -> None:
    """End a process that a test started."""
    process.terminate()
    with process:  # closes its pipe, and waits for its end
        pass
