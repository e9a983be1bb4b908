"""The processes to measure: capture, gateway and snapshot with a camera, without a supervisor."""

import json
import sys
import urllib.request
from collections.abc import Iterator, Sequence
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


def write_config(
    folder: Path,
    camera: Camera,
    host: str,
    port: int,
    more: str = "",
    workers: int = 1,
    gateway: str = "",
    others: Sequence[Camera] = (),
) -> Path:
    """Write a framebus.toml; `more` are additional lines for its cameras, and `gateway` for the gateway."""
    open_to_all = "allow_anonymous = true\n" if host != "127.0.0.1" else ""
    at_once = f"workers = {workers}\n" if workers > 1 else ""
    cameras = "".join(
        f'[camera.{name}]\nsource = "v4l2:{each.device}"\nsize = "{SIZE[0]}x{SIZE[1]}"\nfps = {each.fps}\n{more}\n'
        for name, each in zip(camera_names(1 + len(others)), (camera, *others), strict=True)
    )
    file = folder / "framebus.toml"
    file.write_text(
        f'run_dir = "{folder}/run"\n{cameras}[gateway]\nlisten = "{host}:{port}"\n{open_to_all}{at_once}{gateway}'
    )
    return file


@contextmanager
def pipeline(
    camera: Camera,
    folder: Path,
    host: str = "127.0.0.1",
    *,
    more: str = "",
    workers: int = 1,
    gateway: str = "",
    others: Sequence[Camera] = (),
) -> Iterator[Pipeline]:
    """Run all processes; yields when all cameras have delivered a frame.

    Args:
        camera: the one with the name front.
        folder: of the configuration, the sockets and the logs.
        host: to listen on.
        more: additional lines for each camera.
        workers: how many gateways there are.
        gateway: additional lines for the gateway.
        others: more cameras, whose names are those of `camera_names`.
    """
    port = free_port(host)
    config = write_config(folder, camera, host, port, more, workers, gateway, others)
    environments = dict(zip(captures(1 + len(others)), (each.environment for each in (camera, *others)), strict=True))
    with ExitStack() as started:
        processes = {}
        join = started.enter_context(server_group())
        for name, arguments in commands(workers, 1 + len(others)).items():
            command = [sys.executable, "-m", *arguments, "--config", str(config)]
            process = Process(command, folder / f"{name}.log", environments.get(name))
            processes[name] = started.enter_context(process)
            join(processes[name].pid)
        for name in (*environments, *gateways(workers)):
            processes[name].wait_until(lambda: shows_cameras(host, port), "a picture of each camera")
        processes["snapshot"].wait_until((folder / "run" / "snapshot").exists, "the start of the snapshot service")
        yield Pipeline(host, port, folder / "run", {name: process.pid for name, process in processes.items()})


def commands(workers: int, cameras: int = 1) -> dict[str, list[str]]:
    """Return the commands to start, by name, as `framebus up` does."""
    each = {name: ["capture", camera] for name, camera in zip(captures(cameras), camera_names(cameras), strict=True)}
    numbered = {name: ["gateway", "--worker", name.rpartition("-")[2]] for name in gateways(workers)[1:]}
    return {**each, "snapshot": ["snapshot"], "gateway": ["gateway"], **numbered}


def camera_names(cameras: int) -> list[str]:
    """Return the names of the cameras."""
    return ["front", *(f"camera-{number}" for number in range(2, cameras + 1))]


def captures(cameras: int) -> list[str]:
    """Return the names of the capture processes."""
    return ["capture", *(f"capture-{number}" for number in range(2, cameras + 1))]


def gateways(workers: int) -> list[str]:
    """Return the names of the gateways, as in the configuration of supervisord."""
    return ["gateway", *(f"gateway-{number}" for number in range(1, workers))]


def shows_cameras(host: str, port: int) -> bool:
    """Return whether the gateway answers and each of its cameras has delivered a frame."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/api/cameras", timeout=1) as answer:
            return all(camera["captured"] is not None for camera in json.load(answer)["cameras"])
    except OSError:
        return False
