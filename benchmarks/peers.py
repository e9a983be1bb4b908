"""The servers to compare with: ustreamer, if it is installed, and a bare send loop."""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.camera import FPS, SIZE, Camera
from benchmarks.processes import Helper, Process, SkippedBenchmark, free_port

USTREAMER = "ustreamer"


@dataclass(frozen=True)
class Server:
    """A server of MJPEG."""

    pid: int
    host: str
    port: int
    path: str


def check_ustreamer() -> None:
    """Raise SkippedBenchmark if ustreamer is not installed."""
    if shutil.which(USTREAMER) is None:
        raise SkippedBenchmark("ustreamer: not installed (sudo apt install ustreamer): left out")


@contextmanager
def ustreamer(camera: Camera, folder: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """Run ustreamer with this camera, without re-encoding. Raises SkippedBenchmark if it is not installed."""
    check_ustreamer()
    port = free_port(host)
    with Process(ustreamer_command(camera, host, port), folder / "ustreamer.log", camera.environment) as process:
        process.wait_until(lambda: has_picture(host, port), "a picture of ustreamer")
        yield Server(process.pid, host, port, "/stream")


def ustreamer_command(camera: Camera, host: str, port: int) -> list[str]:
    """Return the command: the defaults, and the options to pass through the JPEGs of the camera."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    device = ["-d", camera.device, "-m", "MJPEG", "--encoder=HW", "-r", size, "-f", str(FPS)]
    return [USTREAMER, *device, "-s", host, "-p", str(port)]


def has_picture(host: str, port: int) -> bool:
    """Return whether ustreamer shows its camera; without one it shows a placeholder."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/state", timeout=1) as answer:
            return bool(json.load(answer)["result"]["source"]["online"])
    except OSError:
        return False


@contextmanager
def baseline_server(camera: Camera, folder: Path) -> Iterator[Server]:
    """Run benchmarks.baseline_server with frames of the size of this camera's."""
    picture = folder / "bare.jpg"
    picture.write_bytes(camera.picture)
    with Helper("baseline_server", {"picture": str(picture), "fps": FPS}) as helper:
        yield Server(helper.pid, "127.0.0.1", helper.answer()["port"], "/")
