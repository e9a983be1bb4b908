"""The processes to measure: capture, gateway and snapshot with a camera, without a supervisor."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.camera import SIZE, Camera
from benchmarks.peers import Server
from benchmarks.processes import Process, free_port
from benchmarks.quota import server_group


@dataclass(frozen=True)
class Pipeline:
    """The running processes."""

    host: str
    port: int
    run_dir: Path
    pids: dict[str, int]
    """Process ids by name."""

    @property
    def mjpeg(self) -> Server:
        """The MJPEG stream."""
        return Server(self.pids["gateway"], self.host, self.port, "/camera/front/stream.mjpg")

    @property
    def websocket(self) -> Server:
        """The websocket with bare JPEGs."""
        return Server(self.pids["gateway"], self.host, self.port, "/camera/front/ws")

    @property
    def page(self) -> Server:
        """The websocket of the page."""
        return Server(self.pids["gateway"], self.host, self.port, "/ws")

    @property
    def frames(self) -> str:
        """Endpoint that capture publishes on."""
        return f"ipc://{self.run_dir}/front.frames"

    @property
    def stills(self) -> str:
        """Endpoint of the snapshot service."""
        return f"ipc://{self.run_dir}/snapshot"


def write_config(folder: Path, camera: Camera, host: str, port: int, more: str = "", workers: int = 1) -> Path:
    """Write a framebus.toml; `more` are additional lines for its camera."""
    open_to_all = "allow_anonymous = true\n" if host != "127.0.0.1" else ""
    at_once = f"workers = {workers}\n" if workers > 1 else ""
    file = folder / "framebus.toml"
    file.write_text(
        f'run_dir = "{folder}/run"\n'
        f'[camera.front]\nsource = "v4l2:{camera.device}"\nsize = "{SIZE[0]}x{SIZE[1]}"\nfps = {camera.fps}\n{more}\n'
        f'[gateway]\nlisten = "{host}:{port}"\n{open_to_all}{at_once}'
    )
    return file


@contextmanager
def pipeline(
    camera: Camera, folder: Path, host: str = "127.0.0.1", *, more: str = "", workers: int = 1
) -> Iterator[Pipeline]:
    """Run all processes; yields when the camera has delivered a frame. `more` are additional lines for its camera."""
    port = free_port(host)
    config = write_config(folder, camera, host, port, more, workers)
    with ExitStack() as started:
        processes = {}
        join = started.enter_context(server_group())
        for name, arguments in commands(workers).items():
            command = [sys.executable, "-m", *arguments, "--config", str(config)]
            environment = camera.environment if name == "capture" else {}
            processes[name] = started.enter_context(Process(command, folder / f"{name}.log", environment))
            join(processes[name].pid)
        for name in ("capture", *gateways(workers)):
            processes[name].wait_until(lambda: shows_camera(host, port), "a picture of the camera")
        processes["snapshot"].wait_until((folder / "run" / "snapshot").exists, "the start of the snapshot service")
        yield Pipeline(host, port, folder / "run", {name: process.pid for name, process in processes.items()})


def commands(workers: int) -> dict[str, list[str]]:
    """Return the commands to start, by name, as `framebus up` does."""
    numbered = {name: ["gateway", "--worker", name.rpartition("-")[2]] for name in gateways(workers)[1:]}
    return {"capture": ["capture", "front"], "snapshot": ["snapshot"], "gateway": ["gateway"], **numbered}


def gateways(workers: int) -> list[str]:
    """Return the names of the gateways, as in the configuration of supervisord."""
    return ["gateway", *(f"gateway-{number}" for number in range(1, workers))]


def shows_camera(host: str, port: int) -> bool:
    """Return whether the gateway answers and its camera has delivered a frame."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/api/cameras", timeout=1) as answer:
            return json.load(answer)["cameras"][0]["captured"] is not None
    except OSError:
        return False
