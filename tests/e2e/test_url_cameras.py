"""Network cameras for real: GStreamer's RTSP server, and a gateway of our own."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from framebus.config.load import Config, load
from framebus.protocol.wire import StatusHeader
from tests.capture.listener import Listener
from tests.conftest import Configure, Start
from tests.ports import free_ports
from tests.processes import Running
from tests.programs import need

SECRET = "pa55-w0rd"
SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).parents[1] / "capture" / "media" / "gst_rtsp_server.py"

Serve = Callable[[], Running]


@pytest.fixture
def rtsp_port() -> int:
    """Another one than that of the gateway."""
    return free_ports(1)[0]


@pytest.fixture
def rtsp(rtsp_port: int, tmp_path: Path) -> Iterator[Serve]:
    """Start an RTSP server, as often as a test likes, on the same port."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if subprocess.run([need(SYSTEM_PYTHON), "-c", probe], capture_output=True).returncode:
        need("gst-rtsp-server (Debian: python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-ugly)")
    started: list[Running] = []

    def serve() -> Running:
        command = [SYSTEM_PYTHON, str(SERVER), str(rtsp_port), "viewer", SECRET]
        server = Running(*command, log=tmp_path / f"rtsp-{len(started)}.log")
        started.append(server)
        server.wait_for("serves")
        return server

    yield serve
    for server in started:
        server.close()


def camera_at(configure: Configure, rtsp_port: int, login: str) -> Config:
    return configure(f'[camera.front]\nsource = "rtsp://{login}@127.0.0.1:{rtsp_port}/camera"\n')


def is_offline(status: StatusHeader) -> bool:
    return status.state == "offline"


def test_an_rtsp_camera_is_decoded_and_comes_back_by_itself(
    rtsp: Serve, configure: Configure, start: Start, rtsp_port: int
) -> None:
    config = camera_at(configure, rtsp_port, f"viewer:{SECRET}")
    server = rtsp()
    with Listener(config, "live") as live, Listener(config, "status") as statuses:
        capture = start("capture", "front", config=config)
        frame = live.frame()
        assert (frame.width, frame.height) == (320, 240)
        assert frame.header.source == f"rtsp://127.0.0.1:{rtsp_port}/camera"
        os.kill(server.pid, signal.SIGKILL)
        reason = statuses.status(is_offline).reason
        assert SECRET not in reason
        rtsp()
        live.skip()
        assert live.frame().header.seq > frame.header.seq
    assert SECRET not in capture.log


@pytest.mark.timeout(120)
def test_an_rtsp_camera_that_hangs_is_offline_and_comes_back(
    rtsp: Serve, configure: Configure, start: Start, rtsp_port: int
) -> None:
    config = camera_at(configure, rtsp_port, f"viewer:{SECRET}")
    server = rtsp()
    with Listener(config, "live") as live, Listener(config, "status") as statuses:
        start("capture", "front", config=config)
        live.frame()
        os.kill(server.pid, signal.SIGSTOP)
        statuses.status(is_offline)
        os.kill(server.pid, signal.SIGCONT)
        live.skip()
        live.frame()


def test_a_wrong_password_is_told_and_not_repeated(
    rtsp: Serve, configure: Configure, start: Start, rtsp_port: int
) -> None:
    config = camera_at(configure, rtsp_port, "viewer:wr0ng")
    rtsp()
    with Listener(config, "status") as statuses:
        capture = start("capture", "front", config=config)
        reason = statuses.status(is_offline).reason
    assert "401" in reason
    assert "wr0ng" not in reason + capture.log


def test_a_framebus_is_a_camera_of_another(
    configure: Configure, start: Start, free_port: int, tmp_path: Path, run_dir: Path
) -> None:
    """Its pictures byte for byte; and it recovers when the first one's gateway was killed and started again."""
    first = configure('[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\n')
    (run_dir / "second").mkdir(mode=0o700)
    file = tmp_path / "second.toml"
    url = f"http://127.0.0.1:{free_port}/camera/front/stream.mjpg"
    file.write_text(f'run_dir = "{run_dir}/second"\n[camera.front]\nsource = "{url}"\n')
    second = load(file)
    start("capture", "front", config=first)
    gateway = start("gateway", config=first)
    gateway.wait_for("listening on")
    with Listener(first, "live") as original, Listener(second, "live") as copy, Listener(second, "status") as statuses:
        start("capture", "front", config=second)
        copied = {copy.frame().jpeg for _ in range(5)}
        originals: set[bytes] = set()
        while not copied <= originals:
            originals.add(original.frame().jpeg)
        os.kill(gateway.pid, signal.SIGKILL)
        statuses.status(is_offline)
        start("gateway", config=first)
        copy.skip()
        copy.frame()
