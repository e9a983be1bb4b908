"""The table of few viewers, and the bare relay in it."""

import socket
from pathlib import Path

import pytest

from benchmarks.camera import Camera, encoded
from benchmarks.few_viewers import bare_relay, report
from benchmarks.load import request
from benchmarks.parts import MjpegParts
from benchmarks.peers import Server
from benchmarks.session import Session
from tests.capture.v4l2.shim import DEVICE
from tests.processes import DEADLINE_SECONDS


def test_peers_that_were_not_there_leave_dashes() -> None:
    session = Session(Path("."))
    for process, share in (("cpu", 3.0), ("capture", 2.0), ("gateway", 0.9), ("snapshot", 0.1)):
        session.results.add(f"few-viewers/1/framebus/{process}", share, "% of a core")
    for name, share in (("ustreamer", 2.0), ("bare relay", 2.5)):
        session.results.add(f"few-viewers/1/{name}/cpu", share, "% of a core")
    rows = [line.split() for line in report(session).splitlines()]
    assert ["1", "viewers:", "framebus", "3.00", "1.20x", "1.50x", "-", "2.00", "0.90", "0.10"] in rows
    assert ["1", "viewers:", "bare", "relay", "2.50", "1.00x", "1.25x", *4 * "-"] in rows
    assert ["1", "viewers:", "mjpg-streamer", *7 * "-"] in rows


@pytest.mark.medium
def test_the_bare_relay_hands_new_frames_of_the_camera_to_each_viewer(shim_library: Path, run_dir: Path) -> None:
    (run_dir / "0.jpg").write_bytes(encoded(1.0))
    environment = {"LD_PRELOAD": str(shim_library), "V4L2SHIM_DIR": str(run_dir), "V4L2SHIM_DEV": DEVICE}
    with bare_relay(Camera(DEVICE, environment, b""), run_dir) as relay:
        assert relay.pids.keys() == {"capture", "gateway"}
        seen = [*stamps(relay.server, 3), *stamps(relay.server, 3)]
    assert seen[0] > 0
    assert seen == sorted({*seen})


def stamps(server: Server, count: int) -> list[int]:
    """When the camera took the first pictures that a viewer gets, who leaves then."""
    parts = MjpegParts()
    seen: list[int] = []
    with socket.create_connection((server.host, server.port), timeout=DEADLINE_SECONDS) as viewer:
        viewer.sendall(request("mjpeg", server.host, server.path))
        while len(seen) < count:
            data = viewer.recv(1 << 18)
            assert data
            seen += [picture.stamp_ns for picture in parts.take(memoryview(data))]
    return seen[:count]
