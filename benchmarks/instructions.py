"""Instructions for each frame, of capture and of the gateway: a cost that no other load on the machine changes.

`python -m benchmarks.instructions` fails when one of them is more than a tenth above the figure that is kept in
instructions.json; with --keep, it keeps what it has measured.
"""

import argparse
import contextlib
import json
import os
import platform
import select
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.callgrind import CountedProcess, check_valgrind
from benchmarks.camera import Camera
from benchmarks.parts import MjpegParts
from benchmarks.pipeline import write_config
from benchmarks.processes import BenchError, SkippedBenchmark, free_port, listens
from benchmarks.session import Session

KEPT = Path(__file__).with_suffix(".json")
"""By interpreter and by process: instructions a frame."""
ALLOWED = 1.10
"""More than this times the kept figure is a failure."""
KILOBYTES = 162
WARM_UP_FRAMES = 5
FRAMES = 8
ROUNDS = 9
START_SECONDS = 180.0
"""Limit for the start under valgrind, also where Python has to compile framebus first."""
PAUSE_SECONDS = 0.04
"""Between two frames: a little more than a frame period, so that both processes wait for the next frame again."""
AGAIN_SECONDS = 2.0
"""After so long without a new picture, the camera gives another: on a busy machine, one may have been too old."""
PICTURES_SECONDS = 120.0
"""Limit for all of a round."""
READ_BYTES = 1 << 18
AHEAD_OF_OTHERS = 1
"""Real-time priority (sched(7)): where a frame takes more than 200 ms, the gateway sends it again, which is counted."""
EXIT_OK, EXIT_MORE, EXIT_NOT_MEASURED = 0, 1, 3


class Viewer:
    """One viewer of the MJPEG stream, who asks the camera for each picture. The caller closes it."""

    def __init__(self, port: int, trigger: Path) -> None:
        """Connect; a byte in the FIFO `trigger` makes the camera give a frame."""
        self._trigger = os.open(trigger, os.O_RDWR)
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PICTURES_SECONDS)
        self._socket.sendall(b"GET /camera/front/stream.mjpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        self._parts = MjpegParts()
        self._newest_ns = 0

    def see(self, frames: int) -> None:
        """Have the camera give so many frames, one after the other. Raises BenchError when they do not arrive."""
        deadline = time.monotonic() + PICTURES_SECONDS
        for _ in range(frames):
            time.sleep(PAUSE_SECONDS)
            asked = float("-inf")
            while not self._receive():
                if time.monotonic() > deadline:
                    raise BenchError("the viewer gets no pictures")
                if time.monotonic() > asked + AGAIN_SECONDS:
                    asked = time.monotonic()
                    os.write(self._trigger, b"!")

    def _receive(self) -> bool:
        """Read what is there; whether a picture has come that is not the one before, which the gateway repeats."""
        if not select.select([self._socket], [], [], AGAIN_SECONDS / 100)[0]:
            return False
        data = self._socket.recv(READ_BYTES)
        if not data:
            raise BenchError("the gateway has closed the viewer's connection")
        before = self._newest_ns
        for picture in self._parts.take(memoryview(data)):
            self._newest_ns = max(self._newest_ns, picture.stamp_ns)
        return self._newest_ns > before

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
        os.close(self._trigger)


def measure(camera: Camera, folder: Path) -> dict[str, float]:
    """Return the instructions a frame with one viewer, by process: of ROUNDS, the least disturbed one."""
    port = free_port()
    config = write_config(folder, camera, "127.0.0.1", port)
    trigger = folder / "trigger"
    os.mkfifo(trigger)
    triggered = {**camera.environment, "V4L2SHIM_FPS": "0", "V4L2SHIM_TRIGGER": str(trigger)}
    counts: dict[str, list[float]] = {"capture": [], "gateway": []}
    with ExitStack() as started:
        processes = {
            name: started.enter_context(
                CountedProcess(
                    [sys.executable, "-m", *module, "--config", str(config)],
                    name,
                    folder,
                    triggered if name == "capture" else {},
                )
            )
            for name, module in (("capture", ["capture", "front"]), ("gateway", ["gateway"]))
        }
        for process in processes.values():
            process.wait_until(lambda: listens("127.0.0.1", port), "the start of the gateway", START_SECONDS)
        viewer = Viewer(port, trigger)
        started.callback(viewer.close)
        viewer.see(WARM_UP_FRAMES)
        for process in processes.values():
            process.begin()
        viewer.see(WARM_UP_FRAMES)
        for _ in range(ROUNDS):
            for process in processes.values():
                process.restart()
            viewer.see(FRAMES)
            for name, process in processes.items():
                counts[name].append(process.counted() / FRAMES)
    return {name: min(counted) for name, counted in counts.items()}


def interpreter() -> str:
    """What the figures depend on: another Python needs other instructions for the same work."""
    major, minor, _ = platform.python_version_tuple()
    return f"{platform.python_implementation()} {major}.{minor}, {platform.machine()}"


def verdict(measured: dict[str, float], kept: dict[str, float]) -> tuple[list[str], bool]:
    """Compare with the figures that are kept.

    Args:
        measured: instructions a frame, by process.
        kept: the same, of an earlier version.

    Returns:
        A line for each process, and whether none of them takes more than ALLOWED.
    """
    lines, fine = [], True
    for name, count in measured.items():
        ratio = count / kept[name]
        fine = fine and ratio <= ALLOWED
        mark = "" if ratio <= ALLOWED else f", allowed: at most {ALLOWED:.2f} times as many"
        lines.append(f"{name}: {count:,.0f} instructions a frame, {ratio:.3f} times the {kept[name]:,.0f} kept{mark}")
    return lines, fine


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and compare or keep. Returns the exit status; without figures to compare with, CI fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument("--keep", action="store_true", help=f"write what was measured to {KEPT.name}")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="fbi"))
    session = Session(folder)
    try:
        check_valgrind()
        with contextlib.suppress(PermissionError):  # only root may
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(AHEAD_OF_OTHERS))
        measured = measure(session.camera(KILOBYTES), session.new_folder())
    except (SkippedBenchmark, BenchError) as error:
        print(f"instructions a frame: not measured: {error}", file=sys.stderr)
        return EXIT_NOT_MEASURED
    finally:
        session.remove_devices()
        shutil.rmtree(folder, ignore_errors=True)
    kept = json.loads(KEPT.read_text())
    name = interpreter()
    if options.keep:
        kept[name] = {process: 1000 * round(count / 1000) for process, count in measured.items()}
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    if name not in kept:
        print(f"{KEPT.name} has no figures for {name}; `make instructions KEEP=--keep` keeps those of this machine:")
        print(*(f"{process}: {count:,.0f} instructions a frame" for process, count in measured.items()), sep="\n")
        return EXIT_NOT_MEASURED if "CI" in os.environ else EXIT_OK
    lines, fine = verdict(measured, kept[name])
    print(*lines, sep="\n")
    return EXIT_OK if fine else EXIT_MORE


if __name__ == "__main__":
    sys.exit(main())
