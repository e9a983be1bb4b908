"""`framebus status`: the words; tests/e2e/test_status.py asks a real pipeline."""

import pytest

from framebus.commands.status import described, duration, lines
from framebus.runtime.time_of_day import time_of_day
from tests.conftest import Configure, Start

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
