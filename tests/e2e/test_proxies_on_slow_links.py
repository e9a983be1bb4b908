"""A stream through a proxy to a viewer on a slow link, with the kernel set as docs/deploy.md says. Takes root."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Configure
from tests.e2e.conftest import STRICT
from tests.e2e.namespaces import Network
from tests.e2e.proxies import PREFIX, command
from tests.processes import Running, python, wait_until
from tests.programs import need

DOCUMENT = Path(__file__).parents[2] / "docs" / "deploy.md"
CAMERA = '[camera.front]\nsource = "testcard"\nsize = "640x480"\n'
"""Some 400 KB a second."""
TRUSTED = 'trusted_proxies = ["127.0.0.1"]\nallow_anonymous = true'
"""A request through a proxy is never one of this machine."""
PORT = 8081
LINK_BYTES_A_SECOND = 100_000
WATCHED_SECONDS = 15
OLDEST_SECONDS = 6
"""It is 2 on a quiet machine. With the kernel as it comes it is 12, and more with every second."""


@contextmanager
def running(line: tuple[str, ...], log: Path, **environment: str) -> Iterator[Running]:
    """A process, for as long as the block."""
    process = Running(*line, log=log, environment=environment)
    try:
        yield process
    finally:
        process.close()


@pytest.mark.root
@pytest.mark.parametrize("program", ["nginx", "caddy"])
def test_pictures_stay_fresh(program: str, configure: Configure, tmp_path: Path) -> None:
    config = configure(CAMERA, gateway=TRUSTED)
    setting = re.search(r"net\.ipv4\.tcp_notsent_lowat *= *(\d+)", DOCUMENT.read_text())
    assert setting is not None
    folder = tmp_path / program
    with Network() as network:

        def inside(*line: str) -> tuple[str, ...]:
            return network.inside(0, *line)

        set_it = f"echo {setting[1]} > /proc/sys/net/ipv4/tcp_notsent_lowat"
        subprocess.run(inside("sh", "-c", set_it), check=True)
        proxy = inside(*command(program, folder, PORT, str(config.gateway.listen)))
        up = inside(*python("framebus", "up", "--config", str(config.path)))
        with running(up, tmp_path / "up", **STRICT), running(proxy, tmp_path / "proxy", HOME=str(folder)):
            ready = inside(need("curl"), "-sf", "-o", "/dev/null", f"http://127.0.0.1:{PORT}{PREFIX}/snapshot")
            wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, "a still through the proxy")
            numbers = (PORT, f"{PREFIX}/stream", LINK_BYTES_A_SECOND, WATCHED_SECONDS)
            viewer = (sys.executable, "-m", "tests.e2e.mjpeg_reader", *map(str, numbers))
            done = subprocess.run(inside(*viewer), capture_output=True, text=True, timeout=45, check=True)
    ages = [float(line) for line in done.stdout.splitlines()]
    assert len(ages) > WATCHED_SECONDS, "more than one a second"
    assert max(ages) < OLDEST_SECONDS, ages
