"""The servers to compare with: ustreamer and mjpg-streamer, where they are there, and a bare send loop."""

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.camera import FPS, SIZE, Camera
from benchmarks.processes import BenchError, Helper, Process, SkippedBenchmark, free_port, listens
from benchmarks.quota import server_group

USTREAMER, MJPG_STREAMER = "ustreamer", "mjpg_streamer"
INPUT, OUTPUT = "input_uvc.so", "output_http.so"
"""Plugins of mjpg-streamer, beside the program as its own build leaves them."""


@dataclass(frozen=True)
class Server:
    """A server of MJPEG."""

    pid: int
    host: str
    port: int
    path: str


def prefer(folder: Path) -> list[str]:
    """Take the peers that were built in this folder, at any depth, before those that are installed.

    Returns:
        Their programs.

    Raises:
        BenchError: there is none.
    """
    found = []
    for name in (USTREAMER, MJPG_STREAMER):
        files = [file for file in sorted(folder.rglob(name)) if file.is_file() and os.access(file, os.X_OK)]
        if name == MJPG_STREAMER:
            files = [file for file in files if has_plugins(file.parent)]
        if files:
            found.append(str(files[0]))
            os.environ["PATH"] = f"{files[0].parent.resolve()}{os.pathsep}{os.environ['PATH']}"
    if not found:
        raise BenchError(f"{folder} has no program {USTREAMER} and none {MJPG_STREAMER}; build at least one there")
    return found


def has_plugins(folder: Path) -> bool:
    """Return whether the plugins of mjpg-streamer that are needed are here."""
    return (folder / INPUT).exists() and (folder / OUTPUT).exists()


def check_ustreamer() -> None:
    """Raise SkippedBenchmark if ustreamer is not installed."""
    if shutil.which(USTREAMER) is None:
        raise SkippedBenchmark("ustreamer: not installed (sudo apt install ustreamer): left out")


@contextmanager
def ustreamer(camera: Camera, folder: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """Run ustreamer with this camera, without re-encoding. Raises SkippedBenchmark if it is not installed."""
    check_ustreamer()
    port = free_port(host)
    command = ustreamer_command(camera, host, port)
    with server_group() as join, Process(command, folder / "ustreamer.log", camera.environment) as process:
        join(process.pid)
        process.wait_until(lambda: has_picture(host, port), "a picture of ustreamer")
        yield Server(process.pid, host, port, "/stream")


def ustreamer_command(camera: Camera, host: str, port: int) -> list[str]:
    """Return the command: the defaults, and the options to pass through the JPEGs of the camera."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    device = ["-d", camera.device, "-m", "MJPEG", "--encoder=HW", "-r", size, "-f", str(FPS)]
    return [USTREAMER, *device, "-s", host, "-p", str(port)]


@contextmanager
def mjpg_streamer(camera: Camera, folder: Path) -> Iterator[Server]:
    """Run mjpg-streamer with this camera, whose JPEGs it passes through. Raises SkippedBenchmark if it is not there."""
    program = shutil.which(MJPG_STREAMER)
    plugins = Path(program).parent if program else Path()
    if program is None or not has_plugins(plugins):
        raise SkippedBenchmark(
            f"mjpg-streamer: not found (--peers FOLDER with {MJPG_STREAMER}, {INPUT}, {OUTPUT}): left out"
        )
    port = free_port()
    size = f"{SIZE[0]}x{SIZE[1]}"
    command = [program, "-i", f"{plugins / INPUT} -d {camera.device} -r {size} -f {FPS}"]
    command += ["-o", f"{plugins / OUTPUT} -p {port} -l 127.0.0.1"]
    with server_group() as join, Process(command, folder / "mjpg-streamer.log", camera.environment) as process:
        join(process.pid)
        process.wait_until(lambda: listens("127.0.0.1", port), "the start of mjpg-streamer")
        yield Server(process.pid, "127.0.0.1", port, "/?action=stream")


PEERS: dict[str, Callable[[Camera, Path], AbstractContextManager[Server]]] = {
    "ustreamer": ustreamer,
    "mjpg-streamer": mjpg_streamer,
}
"""By the name in tables and results: each raises SkippedBenchmark where it is not there."""


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
