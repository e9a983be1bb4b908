"""`framebus status`: the words; tests/e2e/test_status.py asks a real pipeline."""

import subprocess
import sys
from pathlib import Path

import pytest

from framebus.commands.status import described, duration, lines
from framebus.protocol.wire import pack
from framebus.runtime.run_dir import frames_endpoint
from framebus.runtime.time_of_day import time_of_day
from tests.conftest import Configure, Start
from tests.framebus.conftest import Publish
from tests.framebus.golden.make import STATUS
from tests.processes import DEADLINE_SECONDS
from tests.slow_lookup import slow_lookup

AT = 1767225600.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3725, "1 h 2 min"), (90_000, "1 d 1 h"), (None, "0 s")],
)
def test_a_time_span(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_what_a_person_reads() -> None:
    found = {
        "version": "0.1.0",
        "installed": "0.2.0",
        "config": "/etc/framebus/framebus.toml",
        "changed": True,
        "uptime": 3725,
        "urls": ["http://pi.local:8080/", "http://10.0.0.7:8080/"],
        "cameras": [
            {"name": "a", "state": "live", "width": 64, "height": 48, "fps": 30.0, "source": "testcard"},
            {"name": "garden", "state": "offline", "reason": "no such device", "since": AT},
            described("far", None),
        ],
        "processes": [
            {"name": "gateway", "uptime": 60, "restarts": 0},
            {"name": "capture-a", "uptime": None, "restarts": 2, "last_restart": AT, "why": "killed by SIGKILL"},
            {"name": "snapshot", "uptime": 5, "restarts": 1, "last_restart": AT, "why": "exit status 1"},
        ],
    }
    at = time_of_day(AT)
    assert lines(found) == [
        "framebus 0.1.0 has been running for 1 h 2 min",
        "version 0.2.0 is installed; restart framebus to run it",
        "configuration: /etc/framebus/framebus.toml",
        "the configuration was changed since; to apply it, run: framebus reload",
        "open http://pi.local:8080/ or http://10.0.0.7:8080/",
        "",
        "cameras:",
        "  a       live     64x48 at 30 fps, testcard",
        f"  garden  offline  no such device since {at}",
        "  far     silent   its process sends no status",
        "",
        "processes:",
        "  gateway    up 1 min 0 s  not restarted",
        f"  capture-a  is starting   restarted 2 times, last at {at}: killed by SIGKILL",
        f"  snapshot   up 5 s        restarted once, last at {at}: exit status 1",
    ]


def test_a_framebus_that_does_not_run_is_said(configure: Configure, start: Start) -> None:
    config = configure()
    running = start("framebus", "status", config=config)
    assert running.ended() == 1
    assert running.log == f"no framebus runs with run_dir {config.run_dir}\n"


ASK = """
import sys
from framebus.commands.status import cameras
from framebus.config.load import load
print([camera["state"] for camera in cameras(load(sys.argv[1]), float(sys.argv[2]))], flush=True)
"""


@pytest.mark.slow
def test_a_host_name_that_is_looked_up_for_long_delays_no_other_camera(
    configure: Configure, publish: Publish, tmp_path: Path
) -> None:
    far = '[camera.far]\nconnect = "tcp://slow.example:5555"\ninsecure_tcp = true\n'
    config = configure(far + '[camera.back-door]\nsource = "testcard"\n')
    near = publish(frames_endpoint(config.run_dir, "back-door"))
    command = [sys.executable, "-P", "-c", ASK, str(config.path), str(DEADLINE_SECONDS)]
    asking = subprocess.Popen(command, env=slow_lookup(tmp_path), stdout=subprocess.PIPE, text=True)
    try:
        assert near.subscription() == b"\x01status/back-door\n"
        near.send_message(pack("status", "back-door", STATUS))
        assert asking.communicate(timeout=3 * DEADLINE_SECONDS)[0] == "['silent', 'offline']\n"
    finally:
        asking.kill()
