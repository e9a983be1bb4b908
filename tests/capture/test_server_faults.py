"""Capture goes on whatever subscribers send and however its source fails, and says why when it cannot."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zmq

from capture.rate_control import RateControl
from capture.server import Capture
from capture.source import Source, SourceError, SourceStuck
from framebus import Subscriber
from framebus.config.load import Config
from framebus.publishing.picture import Picture
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import frames_endpoint
from tests.capture.fake_source import ScriptedSource, Step
from tests.capture.jpegs import jpeg
from tests.capture.listener import Listener
from tests.capture.published import FRONT, published
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until

MEMORY_OF_A_FLOOD_MB = 150
"""More than it takes on a busy machine, and less than half of what it took without a limit."""

WATCH_FOR_EVER = """
import sys
from framebus import Subscriber
for frame in Subscriber("front", endpoint=sys.argv[1]):
    print(frame.seq, flush=True)
"""


def open_files(running: Running) -> int:
    """How many descriptors a process has."""
    return len(os.listdir(f"/proc/{running.pid}/fd"))


def test_a_subscriber_killed_with_9_leaves_the_camera_idle(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    running = published(start, config)
    command = [sys.executable, "-c", WATCH_FOR_EVER, frames_endpoint(config.run_dir, "front")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as watcher:
        try:
            assert watcher.stdout is not None
            assert watcher.stdout.readline()
            running.wait_for("camera front is watched")
        finally:
            watcher.kill()
    running.wait_for("camera front is idle")


def test_a_subscriber_goes_on_after_kill_9_and_restart(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    first = published(start, config)
    with Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:
        before = subscriber.receive()
        first.process.kill()
        assert first.ended() == -signal.SIGKILL
        published(start, config)
        after = subscriber.receive()
        while after.epoch == before.epoch:
            after = subscriber.receive()
        assert subscriber.receive().epoch == after.epoch


def garbage_from_xsub(path: Path) -> None:
    """Messages that are no subscriptions, and subscriptions of an unforeseen kind."""
    with zmq.Context() as context, context.socket(zmq.XSUB) as peer:
        peer.linger = 1000
        peer.connect(f"ipc://{path}")
        for message in (b"", b"\x01", b"\x00", b"\x02", b"\xff" * 1000, b"\x01" + bytes(5000), b"\x00live/front\n"):
            peer.send(message)
            peer.send_multipart([message, b"", message])
        for number in range(2000):
            peer.send(b"\x01made-up-%d" % number)
            peer.send(b"junk")


def garbage_from_dealer(path: Path) -> None:
    """A socket of a kind that does not belong here."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as peer:
        peer.linger = 200
        peer.connect(f"ipc://{path}")
        peer.send(b"hello")


def garbage_from_a_plain_socket(path: Path) -> None:
    """No ZeroMQ at all, in several shapes."""
    greeting = b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\x00NULL" + bytes(48)
    for noise in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), greeting, greeting + b"\xff" * 100):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(path))
            peer.sendall(noise)


@pytest.mark.parametrize("garbage", [garbage_from_xsub, garbage_from_dealer, garbage_from_a_plain_socket])
def test_garbage_does_not_end_it(
    garbage: Callable[[Path], None], configure: Configure, start: Start, run_dir: Path
) -> None:
    config = configure(FRONT + "fps = 10")
    running = published(start, config)
    with Listener(config, "live") as live:
        before = live.frame()
        garbage(run_dir / "front.frames")
        while live.frame().seq < before.seq + 10:
            pass
        with Listener(config, "peek") as peek:
            assert peek.frame().epoch == before.epoch
    running.wait_for("camera front is idle", times=1)
    assert running.process.poll() is None
    assert "ERROR" not in running.log


def flood(peer: "zmq.Socket[bytes]") -> None:
    """Subscribe to topics that no camera has, of 8 MB in all: libzmq would take 400 MB for them."""
    for number in range(20_000):
        peer.send(b"\x01" + (b"%d" % number).ljust(400, b"-"))


def resident_mb(running: Running) -> float:
    pages = Path(f"/proc/{running.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.medium
def test_made_up_topics_fill_no_memory(configure: Configure, start: Start, run_dir: Path) -> None:
    config = configure(FRONT + "fps = 10")
    running = published(start, config)
    with Listener(config, "live") as live, zmq.Context() as context, context.socket(zmq.XSUB) as peer:
        before = live.frame()
        memory_mb = resident_mb(running)
        peer.linger, peer.sndhwm = 0, 0
        flood(peer)
        peer.connect(f"ipc://{run_dir}/front.frames")  # which sends all of them at once
        running.wait_for("floods of subscriptions, after each of which all subscribers were disconnected")
        assert resident_mb(running) < memory_mb + MEMORY_OF_A_FLOOD_MB
        peer.close()
        seen = live.frame().seq
        wait_until(lambda: live.frame().seq > seen + 10, "frames that arrive again")
        assert live.frame().epoch == before.epoch
    running.wait_for("camera front is idle")


def test_one_who_sends_too_large_a_subscription_is_cut_off(configure: Configure, start: Start, run_dir: Path) -> None:
    config = configure(FRONT)
    running = published(start, config)
    ready = b"\x05READY\x0bSocket-Type\0\0\0\x03SUB"
    with socket.socket(socket.AF_UNIX) as peer:  # ZMTP 3.0 (RFC 23): greeting, READY command, messages
        peer.settimeout(DEADLINE_SECONDS)
        peer.connect(str(run_dir / "front.frames"))
        peer.sendall(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL".ljust(64, b"\0") + bytes([4, len(ready)]) + ready)
        greeted = b""
        while not greeted.endswith(b"XPUB"):
            greeted += peer.recv(1)
        peer.sendall(b"\0\x0b\x01live/front")
        running.wait_for("camera front is watched")
        peer.sendall(b"\x02" + (2000).to_bytes(8) + b"\x01" * 2000)

        def cut_off() -> bool:
            try:
                peer.sendall(b"\0\x01\x02")  # a sign of life: who is silent is cut off for that
            except (BrokenPipeError, ConnectionResetError):
                return True
            return False

        wait_until(cut_off, "the end of the connection")
    running.wait_for("camera front is idle")


def test_a_subscriber_that_makes_noise_holds_up_no_other(configure: Configure, start: Start, run_dir: Path) -> None:
    config = configure(FRONT + "fps = 10")
    published(start, config)
    script = (
        "import sys, zmq\nsocket = zmq.Context().socket(zmq.XSUB)\nsocket.connect(sys.argv[1])\n"
        "while True:\n    socket.send(b'noise')\n"
    )
    with Listener(config, "live") as live:
        live.frame()
        with subprocess.Popen([sys.executable, "-c", script, frames_endpoint(config.run_dir, "front")]) as noisy:
            try:
                time.sleep(1)
                live.skip()
                for _ in range(10):
                    assert live.frame().age < DEADLINE_SECONDS / 2
            finally:
                noisy.kill()


def test_subscribers_that_come_and_go_leave_nothing_behind(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "idle_fps = 0")
    running = published(start, config)
    with Listener(config, "live") as live:
        live.frame()
    running.wait_for("camera front is idle", times=1)
    before = open_files(running)
    for _ in range(20):
        with Listener(config, "live") as live, Listener(config, "status") as heard:
            live.frame()
            heard.message()
    # No line of the log is waited for: a subscriber that gets the newest frame again and leaves at once is never
    # counted as a viewer.
    wait_until(lambda: open_files(running) <= before, f"{before} open files, as before")


def playing(config: Config, *script: Step) -> Capture:
    """A capture of the camera front whose source does this."""
    return made(config, ScriptedSource(*script))


def made(config: Config, source: Source) -> Capture:
    """A capture of the camera front with this source."""
    return Capture(
        "front",
        config.cameras["front"],
        config.run_dir,
        state_dir=config.state_dir,
        secrets=config.secrets,
        make_source=lambda *_: source,
    )


@contextlib.contextmanager
def running(capture: Capture) -> Iterator[None]:
    """Let it run in a thread, until the end."""
    stop = Stop()
    thread = threading.Thread(target=lambda: capture.run(stop))
    thread.start()
    try:
        yield
    finally:
        stop.request()
        thread.join(DEADLINE_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("failure", [ZeroDivisionError("a bug"), ssl.SSLError(1, "bad record mac"), MemoryError()])
def test_an_unforeseen_failure_is_told_as_the_reason_and_the_process_goes_on(
    failure: Exception, configure: Configure
) -> None:
    config = configure(FRONT)
    with running(playing(config, *[failure] * 1000)), Listener(config, "status") as heard:
        status = heard.status(lambda status: status.state == "offline")
    assert status.reason.startswith(f"scripted: reading it failed unexpectedly: {type(failure).__name__}")


class LateSource(ScriptedSource):
    """Gives a picture only when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read, self.released = threading.Event(), threading.Event()

    def read(self, rate_control: RateControl, seq: int) -> Picture | None:
        self.is_read.set()
        assert self.released.wait(DEADLINE_SECONDS)
        return self._play(jpeg(), seq)


@pytest.mark.medium
def test_a_picture_that_comes_after_the_end_is_not_sent(configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    config = configure(FRONT)
    source = LateSource()
    capture = made(config, source)
    capture.start()
    assert source.is_read.wait(DEADLINE_SECONDS)
    capture.stop()
    source.released.set()
    wait_until(lambda: source.calls[-1] == "close", "the end of the thread")
    wait_until(lambda: not any(thread.name == "read-front" for thread in threading.enumerate()), "its end")
    assert "fail" not in caplog.text


@pytest.mark.slow
def test_where_only_another_process_can_help_the_status_says_why_before_this_one_ends(configure: Configure) -> None:
    config = configure(FRONT)
    capture = playing(config, jpeg(), SourceStuck("scripted: closing it hangs"))
    ended: list[str] = []

    def run() -> None:
        try:
            capture.run(Stop())
        except ProcessError as error:
            ended.append(str(error))

    with Listener(config, "status") as heard:
        thread = threading.Thread(target=run)
        thread.start()
        assert heard.status(lambda status: status.state == "offline").reason == "scripted: closing it hangs"
        thread.join(DEADLINE_SECONDS)
    assert ended == ["camera front: scripted: closing it hangs"]


@pytest.mark.slow
def test_a_camera_that_fails_every_few_pictures_is_never_told_offline(configure: Configure) -> None:
    config = configure(FRONT)
    script: list[Step] = [jpeg(), jpeg(), SourceError("the connection ended")] * 1000
    with (
        running(playing(config, *script)),
        Listener(config, "status") as heard,
        Listener(config, "live") as live,
    ):
        heard.status(lambda status: status.state == "live")
        seqs: list[int] = []
        states: set[str] = set()
        while len(seqs) < 20:
            seqs.append(live.frame().seq)
            while heard.waits:
                states.add(next(heard.statuses()).state)
    assert states == {"live"}
    assert seqs[-1] - seqs[0] >= 19
