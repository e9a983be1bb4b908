"""The effect of viewers that never read on the others, and on the memory of the gateway."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.age import SHARES, shown
from benchmarks.camera import PICTURE_BYTES
from benchmarks.load import Load, request
from benchmarks.peers import Server
from benchmarks.pipeline import pipeline
from benchmarks.processes import pss_bytes
from benchmarks.session import Session
from benchmarks.table import number, table

TITLE = "Stalled viewers: 50 that never read, and 50 that do; age in ms at the latter"
READERS = STALLED = 50
ROUNDS = 2
SECONDS = 4.0
FILLING_SECONDS = 1.0
"""Time for the kernel's buffers of the stalled viewers to fill."""
WITHOUT, WITH = "without", "with"


def run(session: Session) -> None:
    """Measure without and with stalled viewers, in turn."""
    with pipeline(session.camera(162), session.new_folder()) as ours:
        server = ours.mjpeg
        with Load("mjpeg", server.host, server.port, server.path, READERS) as load:
            load.measure(session.seconds(SECONDS))  # what the gateway allocates for the first frames does not count
            before = pss_bytes(server.pid)
            for _ in range(session.rounds(ROUNDS)):
                measure(session, load, WITHOUT, session.seconds(SECONDS))
                with stalled(server):
                    time.sleep(FILLING_SECONDS)
                    measure(session, load, WITH, session.seconds(SECONDS))
                    record_memory(session, server, pss_bytes(server.pid) - before)
    print(report(session))


@contextmanager
def stalled(server: Server) -> Iterator[None]:
    """Open viewers that send a request and never read."""
    with ExitStack() as opened:
        for _ in range(STALLED):
            viewer = opened.enter_context(socket.create_connection((server.host, server.port), timeout=10))
            viewer.sendall(request("mjpeg", server.host, server.path))
        yield


def measure(session: Session, load: Load, state: str, seconds: float) -> None:
    """Measure the age at the viewers that read."""
    seen = load.measure(seconds)
    session.results.add_ages(f"stalled/{state}", seen.ages)
    session.progress(f"{READERS} readers {state} {STALLED} stalled: {shown(seen.ages)} at {seen.fps:.1f} fps each")


def record_memory(session: Session, server: Server, more: int) -> None:
    """Record the memory of a stalled viewer, without the one frame that all share."""
    each = max(0, more - PICTURE_BYTES[162]) / STALLED / 1024
    session.results.add("stalled/memory of the gateway", each, "KB each")
    session.progress(f"memory of the gateway: {more / 1024:.0f} KB more, {each:.0f} KB each beyond one frame")
    kernel = kernel_bytes(server.port)
    if kernel:
        queues = sorted(kernel)[-STALLED:]
        session.results.add("stalled/memory of the kernel", sum(queues) / len(queues) / 1024, "KB each")


def kernel_bytes(port: int) -> list[int]:
    """Return the size of the kernel's send queue for each connection of a server; empty without the program `ss`."""
    if shutil.which("ss") is None:
        return []
    command = ["ss", "-tnmOH", "state", "established", f"( sport = :{port} )"]
    return send_queues(subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout)


def send_queues(text: str) -> list[int]:
    """Return wmem_queued of each connection from the output of ss (ss(8), skmem)."""
    return [int(size) for size in re.findall(r"skmem:\([^)]*\bw([0-9]+)", text)]


def report(session: Session) -> str:
    """Return the tables."""
    ages = [
        [state, *(number(session.results.value(f"stalled/{state}/{share}")) for share in SHARES)]
        for state in (WITHOUT, WITH)
    ]
    memory = [
        [owner, number(session.results.value(f"stalled/memory of the {owner}"), 0)] for owner in ("gateway", "kernel")
    ]
    memories = table(["memory of a stalled viewer", "KB"], memory)
    return f"{table(['readers', *SHARES], ages)}\n\n{memories}"
