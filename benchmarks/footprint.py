"""What framebus needs when nobody watches, and how soon it shows something: memory, processor, first picture."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import peers
from benchmarks.load import Load, request
from benchmarks.parts import MjpegParts, NotServed
from benchmarks.peers import Server
from benchmarks.pipeline import write_config
from benchmarks.processes import START_SECONDS, BenchError, LeftOut, Process, cpu_seconds, free_port, pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Footprint: memory, processor while nobody watches, time to the first picture"
IDLE_SECONDS, QUICK_IDLE_SECONDS = 20.0, 4.0
LINGER_SECONDS = 6.0
"""The gateway goes on for 5 s after its last viewer (gateway.cameras.feed)."""
FIRST_PICTURES = 5
PATH = "/camera/front/stream.mjpg"
OURS, USTREAMER = "framebus", "ustreamer"


def run(session: Session) -> None:
    """framebus as `framebus up` runs it, and ustreamer; both idle at the same time, as that takes a while."""
    port = free_port()
    folder = session.new_folder()
    camera = session.camera(162)
    config = write_config(folder, camera, "127.0.0.1", port)
    command = [sys.executable, "-m", "framebus", "up", "--config", str(config)]
    with ExitStack() as started:
        began = time.monotonic()
        started.enter_context(Process(command, folder / "up.log", camera.environment))
        remember_first(session, OURS, "start to first picture", first_picture(port, PATH, began))
        theirs = None
        with session.leaving_out(LeftOut):
            theirs = started.enter_context(ustreamer(session))
        time.sleep(LINGER_SECONDS)
        watch_idle(session, processes_of(folder / "run") | ({USTREAMER: theirs.pid} if theirs else {}))
        remember_first(session, OURS, "connect to first picture, idle", first_picture(port, PATH, time.monotonic()))
        while_watched(session, OURS, port, PATH)
        if theirs:
            while_watched(session, USTREAMER, theirs.port, theirs.path)
    print(report(session))


@contextmanager
def ustreamer(session: Session) -> Iterator[Server]:
    """From its start to its first picture. Raises LeftOut where it is not installed."""
    peers.check_ustreamer()
    port = free_port()
    camera = session.camera(162)
    began = time.monotonic()
    command = peers.ustreamer_command(camera, "127.0.0.1", port)
    with Process(command, session.new_folder() / "ustreamer.log", camera.environment) as process:
        remember_first(session, USTREAMER, "start to first picture", first_picture(port, "/stream", began))
        yield Server(process.pid, "127.0.0.1", port, "/stream")


def while_watched(session: Session, name: str, port: int, path: str) -> None:
    """How soon one more viewer sees something."""
    with Load("mjpeg", "127.0.0.1", port, path, 1):
        for _ in range(FIRST_PICTURES):
            seconds = first_picture(port, path, time.monotonic())
            remember_first(session, name, "connect to first picture, watched", seconds)


def watch_idle(session: Session, pids: dict[str, int]) -> None:
    """Memory and processor of each while nobody watches."""
    seconds = QUICK_IDLE_SECONDS if session.quick else IDLE_SECONDS
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    for name, pid in pids.items():
        share = 100 * (cpu_seconds(pid) - before[name]) / seconds
        memory = pss_bytes(pid) / 1e6
        session.results.add(f"footprint/{name}/idle", share, "% of a core")
        session.results.add(f"footprint/{name}/PSS", memory, "MB")
        session.progress(f"{name}: {memory:.1f} MB, {share:.2f} % of a core while idle")


def remember_first(session: Session, name: str, what: str, seconds: float) -> None:
    """One more time to a first picture."""
    session.results.add(f"footprint/{name}/{what}", seconds * 1000, "ms")
    session.progress(f"{name}, {what}: {seconds * 1000:.0f} ms")


def first_picture(port: int, path: str, began: float) -> float:
    """Seconds from `began` until somebody who asks again and again has a whole picture of the camera."""
    while time.monotonic() < began + START_SECONDS:
        try:
            with viewer(port, path) as pictures:
                next(pictures)
                return time.monotonic() - began
        except (OSError, NotServed):
            time.sleep(0.01)
    raise BenchError(f"no picture at port {port} within {START_SECONDS:g} s")


@contextmanager
def viewer(port: int, path: str) -> Iterator[Iterator[int]]:
    """One connection; yields the stamps of its pictures, passing over what is not the camera's."""
    with socket.create_connection(("127.0.0.1", port), timeout=START_SECONDS) as connection:
        connection.sendall(request("mjpeg", "127.0.0.1", path))
        yield stamps(connection)


def stamps(connection: socket.socket) -> Iterator[int]:
    """Raises NotServed for an answer that is no stream, OSError when it ends."""
    parts = MjpegParts()
    while data := connection.recv(1 << 18):
        for picture in parts.take(memoryview(data)):
            if picture.stamp_ns:
                yield picture.stamp_ns
    raise ConnectionResetError("the stream has ended")


def processes_of(run_dir: Path) -> dict[str, int]:
    """The ids of a supervisord and its children, by what each runs."""
    mark = f"FRAMEBUS_RUN_DIR={run_dir}\0".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (folder / "environ").read_bytes()
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:  # gone meanwhile, or another user's
            continue
        if marked and "-m" in words:
            module = words[words.index("-m") + 1]
            found["supervisord" if module.startswith("supervisor.") else module] = int(folder.name)
    return dict(sorted(found.items()))


def report(session: Session) -> str:
    """Both tables."""
    results = session.results
    names = [name.split("/")[1] for name in results if name.startswith("footprint/") and name.endswith("/PSS")]
    ours = [name for name in names if name != USTREAMER]
    rows = [
        [name, number(results.value(f"footprint/{name}/PSS"), 1), number(results.value(f"footprint/{name}/idle"))]
        for name in names
    ]
    memory, idle = (sum(results[f"footprint/{name}/{what}"].value for name in ours) for what in ("PSS", "idle"))
    rows.insert(len(ours), ["framebus in all", number(memory, 1), number(idle)])
    firsts = [
        [name.removeprefix("footprint/").replace("/", ", "), number(result.value, 0)]
        for name, result in results.items()
        if name.startswith("footprint/") and name.endswith(("picture", "idle", "watched")) and result.unit == "ms"
    ]
    return f"{table(['', 'PSS in MB', 'idle, % of a core'], rows)}\n\n{table(['first picture', 'ms'], firsts)}"
