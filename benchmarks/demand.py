"""The CPU use of a camera without viewers and with one viewer, for each kind of source."""

import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks.footprint import LINGER_SECONDS
from benchmarks.load import Load
from benchmarks.pipeline import commands, shows_cameras
from benchmarks.processes import Process, cpu_seconds, free_port
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Demand: CPU use of capture, gateway and snapshot without viewers, and with one viewer"
SECONDS = 6.0
USB, CARD, NETWORK, BOX = "USB camera (Motion JPEG)", "test card", "network camera (Motion JPEG)", "idle_fps = 0"
KINDS = (USB, CARD, NETWORK, BOX)


def run(session: Session) -> None:
    """Measure each kind of source; the server of the network camera is not counted."""
    with ExitStack() as started:
        camera = session.camera(162)
        port = free_port()
        other = session.new_folder()
        started.enter_context(Running(other, 'source = "testcard"', port, {}))
        network = f'source = "http://127.0.0.1:{port}/camera/front/stream.mjpg"'
        usb = f'source = "v4l2:{camera.device}"'
        measure(session, USB, usb, camera.environment)
        measure(session, CARD, 'source = "testcard"', {})
        measure(session, NETWORK, network, {})
        measure(session, BOX, f"{usb}\nidle_fps = 0", camera.environment)
    print(report(session))


class Running(ExitStack):
    """The three processes with one camera; `pids` are their ids."""

    def __init__(self, folder: Path, camera: str, port: int, environment: Mapping[str, str]) -> None:
        """Start the processes; `camera` are the lines of its table in the configuration."""
        super().__init__()
        config = folder / "framebus.toml"
        config.write_text(
            f'run_dir = "{folder}/run"\nstate_dir = "{folder}/state"\n[camera.front]\n{camera}\nsize = "1280x720"\n'
            f'[gateway]\nlisten = "127.0.0.1:{port}"\n'
        )
        processes = {
            name: self.enter_context(
                Process(
                    [sys.executable, "-m", *arguments, "--config", str(config)],
                    folder / f"{name}.log",
                    environment if name == "capture" else {},
                )
            )
            for name, arguments in commands(1).items()
        }
        self.pids = [process.pid for process in processes.values()]
        if "idle_fps = 0" not in camera:
            processes["capture"].wait_until(lambda: shows_cameras("127.0.0.1", port), "a picture of the camera")


def measure(session: Session, name: str, camera: str, environment: Mapping[str, str]) -> None:
    """Measure one kind of source with a viewer, then without."""
    port = free_port()
    seconds = session.seconds(SECONDS)
    with Running(session.new_folder(), camera, port, environment) as running:
        time.sleep(1)
        with Load("mjpeg", "127.0.0.1", port, "/camera/front/stream.mjpg", 1) as load:
            watched = 100 * load.measure(seconds, *running.pids).cpu_seconds / seconds
        time.sleep(LINGER_SECONDS)
        before = cpu_seconds(*running.pids)
        time.sleep(seconds)
        idle = 100 * (cpu_seconds(*running.pids) - before) / seconds
    session.results.add(f"demand/{name}/watched", watched, "% of a core")
    session.results.add(f"demand/{name}/idle", idle, "% of a core")
    session.progress(f"{name}: {idle:.2f} % of a core idle, {watched:.1f} % with one viewer")


def report(session: Session) -> str:
    """Return the table."""
    rows = []
    for name in KINDS:
        idle, watched = (session.results.value(f"demand/{name}/{what}") for what in ("idle", "watched"))
        share = idle / watched if idle is not None and watched else None
        rows.append([name, number(idle), number(watched, 1), number(share)])
    return table(["% of a core", "idle", "one viewer", "idle to one viewer"], rows)
