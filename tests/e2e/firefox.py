"""Firefox without a window, by WebDriver BiDi (w3c.github.io/webdriver-bidi), as Debian's has no playwright."""

import asyncio
import contextlib
import json
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.programs import need

START_SECONDS = 60.0
MAX_MESSAGE_BYTES = 32 * 1024 * 1024


class Firefox:
    """One tab."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._tab = ""
        self.complaints: list[str] = []

    async def begin(self) -> None:
        """Open the session."""
        await self._ask("session.new", capabilities={})
        tree = await self._ask("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]

    async def note_complaints(self) -> None:
        """From now on, note the errors and warnings of pages."""
        await self._ask("session.subscribe", events=["log.entryAdded"])

    async def go_to(self, url: str) -> None:
        """Begin to load a page, without waiting for its end, which a stream does not have."""
        await self._ask("browsingContext.navigate", context=self._tab, url=url, wait="none")

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression: a number, a text or a boolean."""
        answer = await self._ask(
            "script.evaluate", expression=expression, target={"context": self._tab}, awaitPromise=False
        )
        return answer.get("result", {}).get("value")

    async def screenshot(self) -> str:
        """What the tab shows, as a PNG in Base64."""
        return str((await self._ask("browsingContext.captureScreenshot", context=self._tab))["data"])

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        await self._connection.write_message(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = await self._connection.read_message()
            assert message is not None, "Firefox has ended"
            answer = json.loads(message)
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] in ("error", "warn"):
                self.complaints.append(str(answer["params"]["text"]))
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return dict(answer["result"])


@contextlib.asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[Firefox]:
    """A running Firefox with a profile in this folder; without Firefox, the test is skipped."""
    with _started(profile) as process:
        try:
            address = await asyncio.wait_for(asyncio.to_thread(_address, process), START_SECONDS)
            drain = asyncio.create_task(asyncio.to_thread(_drain, process))
            connection = await websocket_connect(f"{address}/session", max_message_size=MAX_MESSAGE_BYTES)
            try:
                browser = Firefox(connection)
                await browser.begin()
                yield browser
            finally:
                connection.close()
        finally:
            process.kill()
        await drain


def _started(profile: Path) -> "subprocess.Popen[str]":
    command = [need("firefox-esr"), "--headless", "--no-remote", "--profile", str(profile)]
    return subprocess.Popen(
        [*command, "--remote-debugging-port", "0", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={"HOME": str(profile), "PATH": "/usr/bin:/bin"},
    )


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1]
    raise AssertionError("Firefox has ended")


def _drain(process: "subprocess.Popen[str]") -> None:
    assert process.stderr is not None
    for _ in process.stderr:
        pass
