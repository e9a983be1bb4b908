"""The status of a camera whose process is silent."""

import time

import msgspec
import pytest

from framebus.protocol.silent_status import silent_status
from tests.headers import status_header


def test_a_camera_without_a_status_is_offline_from_now_on() -> None:
    status = silent_status("front", None, "it does not answer")
    assert (status.camera, status.state, status.reason, status.pid) == ("front", "offline", "it does not answer", 0)
    assert status.since == pytest.approx(time.time(), abs=60)
    assert (status.seq, status.captured, status.fps) == (0, None, 0.0)


def test_the_figures_of_the_last_status_stay() -> None:
    last = status_header(
        "live", pid=7, seq=42, captured=1.5, monotonic=2.5, width=640, fps=30.0, watched=True, bad=2, refused=3
    )
    status = silent_status("front", last, "it does not answer", since=12.3456789)
    assert status == msgspec.structs.replace(
        last, state="offline", reason="it does not answer", since=12.345679, pid=0, fps=0.0, watched=False
    )


def test_a_camera_may_still_be_starting() -> None:
    assert silent_status("front", None, "no status received yet", state="starting").state == "starting"
