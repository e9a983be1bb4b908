"""The whole pipeline under a real supervisord, as `framebus up` starts it."""

import json
import os
import signal
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from framebus.config.load import Config
from tests.conftest import TESTCARD, Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until
from tests.programs import need

STRICT = {
    "PYTHONWARNINGS": "error,ignore::ResourceWarning,ignore:pkg_resources is deprecated,ignore:urllib.parse.split"
}
"""A warning is an error in every process; but supervisord leaves files unclosed when a process ends, takes URLs apart
with deprecated functions, and supervisord 4.2.5, which Debian 13 has, uses pkg_resources."""

CAMERA_SECONDS = 3.0
"""For the start of one camera more, on a machine that is busy."""


class Pipeline:
    """What `framebus up` has started."""

    def __init__(self, config: Config, up: Running) -> None:
        self.config = config
        self.up = up
        self.url = f"http://{config.gateway.listen}"

    def processes(self) -> dict[str, int]:
        """The process ids by what each runs: supervisord, gateway, snapshot, capture front, …"""
        mark = f"FRAMEBUS_RUN_DIR={self.config.run_dir}\0".encode()
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                marked = mark in (folder / "environ").read_bytes()
                words = (folder / "cmdline").read_bytes().decode().split("\0")
                dead = " Z " in (folder / "stat").read_text()
            except OSError:  # gone meanwhile, or another user's
                continue
            if marked and not dead and "-m" in words:
                module = words.index("-m") + 1
                name = " ".join(words[module:]).strip()
                found["supervisord" if name.startswith("framebus.supervision ") else name] = int(folder.name)
        return found

    def is_gone(self) -> bool:
        """Whether none of them is left."""
        return not self.processes()

    def kill(self, name: str) -> int:
        """kill -9 of one process, and wait until it is gone; returns the id that it had."""
        pids: list[int] = []

        def found() -> bool:  # a process has no command line while it starts its program
            pids.extend(pid for running, pid in self.processes().items() if running == name)
            return bool(pids)

        wait_until(found, f"process {name}")
        pid = pids[0]
        os.kill(pid, 9)
        wait_until(lambda: self.processes().get(name) != pid, f"the end of {name}")
        return pid

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """kill -9 of one process, which supervisord, stopped meanwhile, starts again only at the end of the block."""
        supervisord = self.processes()["supervisord"]
        os.kill(supervisord, signal.SIGSTOP)
        try:
            self.kill(name)
            yield
        finally:
            os.kill(supervisord, signal.SIGCONT)

    def get(self, path: str) -> bytes:
        """Ask the gateway. Raises OSError for any answer but 200."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:
            content: bytes = answer.read()
        return content

    def cameras(self) -> list[dict[str, Any]]:
        """What /api/cameras says."""
        cameras: list[dict[str, Any]] = json.loads(self.get("/api/cameras"))["cameras"]
        return cameras

    def is_whole(self) -> bool:
        """Whether every process runs, every camera gives pictures, and stills are to be had."""
        captures = (f"capture {name}" for name, camera in self.config.cameras.items() if camera.has_capture)
        expected = {"supervisord", "gateway", "snapshot", *captures}
        expected |= {"recorder"} if self.config.records else set()
        expected |= {"recorder.motion"} if any(camera.has_motion for camera in self.config.cameras.values()) else set()
        expected |= {f"gateway --worker {number}" for number in range(1, self.config.gateway.workers)}
        try:
            return (
                all(camera["state"] in ("live", "idle") for camera in self.cameras())
                and set(self.processes()) == expected
                and self.get("/snapshot").endswith(b"\xff\xd9")  # last: before, it is refused, which is logged
            )
        except OSError:
            return False

    def wait_until_whole(self) -> None:
        """Wait for just that; each camera is one more process to start."""
        seconds = DEADLINE_SECONDS + CAMERA_SECONDS * len(self.config.cameras)
        wait_until(self.is_whole, f"a whole pipeline; its log:\n{self.up.log}", seconds)


Up = Callable[..., Pipeline]


@pytest.fixture
def up(configure: Configure, start: Start) -> Iterator[Up]:
    """Start a pipeline; it is whole when this returns, and gone at the end of the test."""
    started: list[Pipeline] = []

    def run(tables: str = TESTCARD, environment: Mapping[str, str] | None = None, **more: str) -> Pipeline:
        config = configure(tables, **more)
        running = start("framebus", "up", config=config, environment={**STRICT, **(environment or {})})
        pipeline = Pipeline(config, running)
        started.append(pipeline)
        pipeline.wait_until_whole()
        return pipeline

    yield run
    for pipeline in started:
        pipeline.up.close()
        for pid in pipeline.processes().values():
            os.kill(pid, 9)


@pytest.fixture
def pipeline(up: Up) -> Pipeline:
    """One small test card, from end to end."""
    return up()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=arguments)
        yield browser
        browser.close()
