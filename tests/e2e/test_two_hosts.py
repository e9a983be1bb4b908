"""A camera on one machine, its page and stills on another, a network between them, and keys."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framebus import request_snapshot
from framebus.config.load import load
from framebus.transport.sockets import HEARTBEAT_TIMEOUT_MS
from tests.e2e.conftest import STRICT, Pipeline
from tests.e2e.namespaces import ADDRESSES, Network
from tests.processes import Running, python, wait_until
from tests.programs import need

pytestmark = pytest.mark.root

CAMERA, DESK = 0, 1
FRAMES, CONTROL = f"tcp://{ADDRESSES[CAMERA]}:5555", f"tcp://{ADDRESSES[CAMERA]}:5556"
RETURN_SECONDS = 3
"""Beyond the time after which a peer is given up."""
CUT_SECONDS = 30


class Host(Pipeline):
    """A machine: its folder, and what `framebus up` has started there."""

    def __init__(self, network: Network, end: int, folder: Path, log: Path) -> None:
        self._network = network
        self._end = end
        self._log = log
        self.folder = folder
        self.file = folder / "framebus.toml"
        self.write("")

    def write(self, tables: str) -> None:
        """The configuration."""
        self.file.write_text(f'run_dir = "{self.folder}"\n{tables}\n[snapshot]\nstale_after = 3\n')

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`framebus ARGUMENTS` there, run to its end."""
        line = self._network.inside(self._end, *python("framebus", *arguments, "--config", str(self.file)))
        return subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)

    def keys(self, *arguments: str) -> str:
        """`framebus keys ARGUMENTS` there; returns the key that it shows."""
        done = self.command("keys", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self) -> None:
        """`framebus up` there."""
        line = self._network.inside(self._end, *python("framebus", "up", "--config", str(self.file)))
        super().__init__(load(self.file), Running(*line, log=self._log, environment=STRICT))

    def get(self, path: str, *options: str) -> bytes:
        """Ask the gateway there, from there. Raises OSError for any answer but 200."""
        line = self._network.inside(self._end, need("curl"), "-sf", "-m", "5", *options, f"{self.url}{path}")
        done = subprocess.run(line, capture_output=True, check=False)
        if done.returncode != 0:
            raise OSError(f"curl ended with {done.returncode}")
        return done.stdout

    def camera(self) -> dict[str, Any]:
        """What /api/cameras says of the only one."""
        (camera,) = self.cameras()
        return camera

    def metric(self, name: str) -> float:
        """A figure of the only camera."""
        lines = self.get("/metrics").decode().splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f'{name}{{camera="front"}}'))

    def close(self) -> None:
        """Leave nothing of it behind."""
        if hasattr(self, "up"):
            self.up.close()
            for pid in self.processes().values():
                os.kill(pid, 9)
        shutil.rmtree(self.folder, ignore_errors=True)


class Hosts:
    """Both machines."""

    def __init__(self, network: Network, camera: Host, desk: Host) -> None:
        self.network = network
        self.camera = camera
        self.desk = desk

    def configure(self) -> str:
        """As docs/two-machines.md says, but for listing the desk's key, which is returned."""
        ports = 'publish = "tcp://*:5555"\ncontrol = "tcp://*:5556"\n'
        self.camera.write(f'[camera.front]\nsource = "testcard"\nsize = "320x240"\nidle_fps = 5\n{ports}')
        key = self.desk.keys("client")
        ends = f'connect = "{FRAMES}"\nconnect_control = "{CONTROL}"\n'
        self.desk.write(f'[camera.front]\n{ends}server_key = "{self.camera.keys("server")}"\nidle_fps = 5\n')
        return key

    def start(self) -> None:
        """Both, at once."""
        self.camera.start()
        self.desk.start()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    folders = [Path(tempfile.mkdtemp(prefix=f"framebus-{name}-")) for name in ("camera", "desk")]
    with Network() as network:
        machines = [Host(network, end, folder, tmp_path / f"{end}.log") for end, folder in enumerate(folders)]
        try:
            yield Hosts(network, *machines)
        finally:
            for machine in machines:
                machine.close()


def refused(desk: Host) -> str:
    """The error with which a still is refused there."""
    answer = desk.get("/camera/front/snapshot.jpg", "--no-fail", "-H", "Accept: application/json")
    if answer.startswith(b"\xff\xd8"):
        return ""
    return answer.decode()


def test_the_camera_is_on_one_machine_and_everything_else_on_the_other(hosts: Hosts) -> None:
    hosts.camera.keys("add", "desk", f"--public={hosts.configure()}")
    hosts.start()
    hosts.camera.wait_until_whole()
    hosts.desk.wait_until_whole()
    assert not any(name.startswith("capture") for name in hosts.desk.processes())

    still = request_snapshot("front", fresh=True, config=hosts.desk.file)
    assert still.jpeg.startswith(b"\xff\xd8")
    assert 0 <= still.age < 10

    watched = hosts.desk.command("watch", "front", "-n", "2")
    assert watched.returncode == 0, watched.stderr
    assert watched.stdout.count("front: ") == 2

    set_it = hosts.desk.command("controls", "front", "brightness=0.25", "--json")
    assert json.loads(set_it.stdout)[0]["value"] == 0.25
    over_http = json.loads(hosts.desk.get("/api/cameras/front/controls"))
    assert over_http["controls"][0]["value"] == 0.25

    doctor = hosts.desk.command("doctor")
    assert "ok    camera front is " in doctor.stdout
    assert hosts.camera.metric("framebus_refused_connections_total") == 0
    assert hosts.desk.metric("framebus_refused_connections_total") == 0


def test_a_machine_whose_key_is_not_listed_gets_nothing_until_it_is(hosts: Hosts) -> None:
    key = hosts.configure()
    hosts.camera.keys("add", "somebody", "-o", str(hosts.camera.folder / "somebody.key"))
    hosts.start()
    hosts.camera.wait_until_whole()
    wait_until(lambda: hosts.camera.metric("framebus_refused_connections_total"), "a refusal that is counted")
    hosts.camera.up.wait_for(f"{ADDRESSES[DESK]} has the key {key}, which is not listed (framebus keys add)")
    hosts.desk.up.wait_for("listening on")
    wait_until(lambda: hosts.desk.camera()["state"] == "offline", "a camera that is offline")
    assert hosts.desk.camera()["reason"] == f"nothing arrives from {FRAMES}"
    assert hosts.desk.camera()["captured"] is None
    wait_until(lambda: "is offline since" in refused(hosts.desk), "a still that is refused for it")
    doctor = hosts.desk.command("doctor")
    assert f"WRONG camera front: nothing arrives from {FRAMES}\n" in doctor.stdout
    assert f"it has to list the key of this machine, {key}," in doctor.stdout

    hosts.camera.keys("add", "desk", f"--public={key}")
    hosts.desk.wait_until_whole()
    hosts.camera.keys("remove", "desk")
    wait_until(lambda: hosts.desk.camera()["state"] == "offline", "a camera that is offline once more")


def test_without_any_keys_the_machine_with_the_camera_does_not_start(hosts: Hosts) -> None:
    hosts.camera.write('[camera.front]\npublish = "tcp://*:5555"\n')
    refusal = hosts.camera.command("up")
    assert refusal.returncode == 2
    assert "run `framebus keys add NAME` for each machine that shall connect" in refusal.stderr


@pytest.mark.timeout(180)
def test_it_recovers_after_the_link_was_cut(hosts: Hosts) -> None:
    hosts.camera.keys("add", "desk", f"--public={hosts.configure()}")
    hosts.start()
    hosts.desk.wait_until_whole()
    hosts.network.cut()
    mended_at = time.monotonic() + CUT_SECONDS
    wait_until(lambda: hosts.desk.camera()["state"] == "offline", "a camera that is offline")
    wait_until(lambda: refused(hosts.desk), "a still that is refused")
    assert hosts.camera.is_whole()
    time.sleep(max(0.0, mended_at - time.monotonic()))
    before = hosts.desk.camera()["seq"]
    hosts.network.mend()
    mended_at = time.monotonic()
    promised = RETURN_SECONDS + HEARTBEAT_TIMEOUT_MS / 1000
    wait_until(lambda: hosts.desk.is_whole() and hosts.desk.camera()["seq"] > before, "new pictures", promised)
    print(f"recovered after {time.monotonic() - mended_at:.1f} s", file=sys.stderr)
    assert request_snapshot("front", fresh=True, config=hosts.desk.file).seq > before
    for host in (hosts.camera, hosts.desk):
        assert "Traceback" not in host.up.log
