"""Memory and CPU use without viewers, and the time to the first frame."""

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
from benchmarks.processes import START_SECONDS, BenchError, Process, SkippedBenchmark, cpu_seconds, free_port, pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Footprint: memory, CPU use without viewers, time to the first frame"
IDLE_SECONDS, QUICK_IDLE_SECONDS = 20.0, 4.0
LINGER_SECONDS = 6.0
"""The gateway goes on for 5 s after its last viewer (gateway.cameras.feed)."""
FIRST_PICTURES = 5
PATH = "/camera/front/stream.mjpg"
OURS, USTREAMER = "framebus", "ustreamer"


def run(session: Session) -> None:
    """Measure framebus as `framebus up` runs it, and ustreamer; both are idle at the same time, to save time."""
    port = free_port()
    folder = session.new_folder()
    camera = session.camera(162)
    config = write_config(folder, camera, "127.0.0.1", port)
    command = [sys.executable, "-m", "framebus", "up", "--config", str(config)]
    with ExitStack() as started:
        began = time.monotonic()
        started.enter_context(Process(command, folder / "up.log", camera.environment))
        record_first(session, OURS, "start to first picture", first_picture(port, PATH, began))
        theirs = None
        with session.skipping(SkippedBenchmark):
            theirs = started.enter_context(ustreamer(session))
        time.sleep(LINGER_SECONDS)
        watch_idle(session, processes_of(folder / "run") | ({USTREAMER: theirs.pid} if theirs else {}))
        record_first(session, OURS, "connect to first picture, idle", first_picture(port, PATH, time.monotonic()))
        while_watched(session, OURS, port, PATH)
        if theirs:
            while_watched(session, USTREAMER, theirs.port, theirs.path)
    print(report(session))


@contextmanager
def ustreamer(session: Session) -> Iterator[Server]:
    """Start ustreamer and measure the time to its first frame. Raises SkippedBenchmark if it is not installed."""
    peers.check_ustreamer()
    port = free_port()
    camera = session.camera(162)
    began = time.monotonic()
    command = peers.ustreamer_command(camera, "127.0.0.1", port)
    with Process(command, session.new_folder() / "ustreamer.log", camera.environment) as process:
        record_first(session, USTREAMER, "start to first picture", first_picture(port, "/stream", began))
        yield Server(process.pid, "127.0.0.1", port, "/stream")


def while_watched(session: Session, name: str, port: int, path: str) -> None:
    """Measure the time to the first frame of another viewer."""
    with Load("mjpeg", "127.0.0.1", port, path, 1):
        for _ in range(FIRST_PICTURES):
            seconds = first_picture(port, path, time.monotonic())
            record_first(session, name, "connect to first picture, watched", seconds)


def watch_idle(session: Session, pids: dict[str, int]) -> None:
    """Measure memory and CPU use of each process without viewers."""
    seconds = QUICK_IDLE_SECONDS if session.quick else IDLE_SECONDS
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    time.sleep(seconds)
    for name, pid in pids.items():
        share = 100 * (cpu_seconds(pid) - before[name]) / seconds
        memory = pss_bytes(pid) / 1e6
        session.results.add(f"footprint/{name}/idle", share, "% of a core")
        session.results.add(f"footprint/{name}/PSS", memory, "MB")
        session.progress(f"{name}: {memory:.1f} MB, {share:.2f} % of a core while idle")


def record_first(session: Session, name: str, what: str, seconds: float) -> None:
    """Record a time to the first frame."""
    session.results.add(f"footprint/{name}/{what}", seconds * 1000, "ms")
    session.progress(f"{name}, {what}: {seconds * 1000:.0f} ms")


def first_picture(port: int, path: str, began: float) -> float:
    """Return the seconds from `began` until a client that retries has a complete frame of the camera."""
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
    """Open a connection and yield the stamps of the frames; images without a stamp are skipped."""
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
    """Return the process ids of a supervisord and its children, by the module that each runs."""
    mark = f"FRAMEBUS_RUN_DIR={run_dir}\0".encode()
    pids = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (folder / "environ").read_bytes()
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:  # gone meanwhile, or another user's
            continue
        if marked and "-m" in words:
            module = words[words.index("-m") + 1]
            pids["supervisord" if module == "framebus.supervision" else module] = int(folder.name)
    return dict(sorted(pids.items()))


def report(session: Session) -> str:
    """Return both tables."""
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
