import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import zmq

from capture.server import Capture
from capture.source import SourceError, SourceStuck
from framebus import Subscriber
from framebus.config.load import Config
from framebus.protocol.wire import FrameHeader, parse
from framebus.publishing.resend import RESEND_MAX_AGE_SECONDS
from framebus.runtime.process import ProcessError, Stop
from framebus.runtime.run_dir import frames_endpoint
from tests.capture.fake_source import ScriptedSource, Step
from tests.capture.jpegs import ORIENTATION, jpeg, opened
from tests.capture.listener import Listener
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until

FRONT = '[camera.front]\nsource = "testcard"\nsize = "160x120"\n'

WATCH_FOR_EVER = """
import sys
from capture.source import SourceError, SourceStuck
from framebus import Subscriber
for frame in Subscriber("front", endpoint=sys.argv[1]):
    print(frame.seq, flush=True)
"""


def published(start: Start, config: Config) -> Running:
    """A capture of the camera front, once its endpoint is there."""
    running = start("capture", "front", config=config)
    running.wait_for("camera front publishes at ")
    return running


def last_line(running: Running) -> str:
    """What the log ends with, without the time."""
    return running.log.splitlines()[-1][24:]


def open_files(running: Running) -> int:
    """How many descriptors a process has."""
    return len(os.listdir(f"/proc/{running.pid}/fd"))


def test_a_frame_is_what_the_contract_says(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    with Listener(config, "live") as live:
        published(start, config)
        message = live.message()
    assert message.startswith(b'live/front\n{"v":1,"camera":"front","seq":')
    parts, header = parse(message, FrameHeader)
    assert (header.v, header.camera, header.source, header.dropped) == (1, "front", "testcard", 0)
    assert re.fullmatch(r"[0-9a-f]{16}", header.epoch)
    assert (header.width, header.height, header.orientation) == (160, 120, 1)
    assert header.monotonic <= header.published <= time.monotonic()
    assert time.monotonic() - header.monotonic < DEADLINE_SECONDS
    assert abs(time.time() - header.captured) < 2 * DEADLINE_SECONDS
    assert opened(parts.body).size == (160, 120)
    assert parts.body[:2] + parts.body[-2:] == b"\xff\xd8\xff\xd9"


def test_the_number_rises_by_one_and_time_goes_on(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 15")
    published(start, config)
    with Listener(config, "live") as live:
        frames = [live.frame() for _ in range(40)]
    steps = [after.seq - before.seq for before, after in pairwise(frames)]
    if steps[0] == 0:  # the newest frame was sent again when we came
        frames, steps = frames[1:], steps[1:]
    assert set(steps) == {1}
    assert len({frame.epoch for frame in frames}) == 1
    for before, after in pairwise(frames):
        assert before.header.monotonic < after.header.monotonic
        assert before.header.published < after.header.published


def test_the_camera_works_at_the_rate_that_subscribers_ask_for(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 30\nidle_fps = 1")
    running = published(start, config)
    with Listener(config, "status") as heard:
        idle = heard.status(lambda status: status.state == "idle" and 0 < status.fps < 1.5)
        assert (idle.reason, idle.watched) == ("1 fps while there are no viewers", False)
        with Listener(config, "live") as live:
            live.frame()
            running.wait_for("camera front is watched: 30 fps")
            busy = heard.status(lambda status: status.state == "live" and status.fps > 10)
            assert (busy.reason, busy.watched) == ("", True)
        running.wait_for("camera front is idle: 1 fps")
        heard.status(lambda status: status.state == "idle" and 0 < status.fps < 1.5 and not status.watched)
    assert running.log.count("is watched") == 1


def test_peek_alone_leaves_the_camera_idle_and_is_thinned_out_while_it_is_not(
    configure: Configure, start: Start
) -> None:
    config = configure(FRONT + "fps = 30\nidle_fps = 2")
    running = published(start, config)
    with Listener(config, "peek") as peek:
        peek.frame()
        peek.frame()
        assert "is watched" not in running.log
        with Listener(config, "live") as live:
            live.frame()
            peek.skip()
            first, second = peek.frame(), peek.frame()
    assert second.seq - first.seq > 2
    assert second.header.monotonic - first.header.monotonic > 0.3


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


def test_at_idle_rate_0_the_camera_is_closed_until_there_is_a_viewer(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 10\nidle_fps = 0")
    running = published(start, config)
    with Listener(config, "status") as heard, Listener(config, "peek") as peek:
        closed = heard.status(lambda _: True)
        assert (closed.state, closed.reason, closed.seq) == ("idle", "closed until somebody watches", 0)
        assert (closed.source, closed.captured, closed.monotonic, closed.width) == ("testcard", None, None, 0)
        with pytest.raises(TimeoutError):
            peek.message(1.5)
        with Listener(config, "live") as live:
            assert live.frame().seq == 1
            running.wait_for("camera front is watched: 10 fps")
            peek.frame()
            heard.status(lambda status: status.state == "live")
        running.wait_for("camera front is idle: 0 fps")
        closed = heard.status(lambda status: status.state == "idle")
        assert closed.reason == "closed until somebody watches"
        peek.skip()
        with pytest.raises(TimeoutError):
            peek.message(1.5)
        with Listener(config, "live") as live:
            assert live.frame().seq >= closed.seq


def test_the_newest_frame_is_sent_again_to_a_new_subscriber(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "idle_fps = 0.01")  # the next frame comes after the deadline
    with Listener(config, "peek") as early:
        published(start, config)
        first = early.frame()
        with Listener(config, "peek") as late:
            again = late.frame()
        assert (again.epoch, again.seq, again.jpeg) == (first.epoch, first.seq, first.jpeg)


def test_a_frame_that_has_grown_old_is_not_sent_again(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "idle_fps = 0.25")
    with Listener(config, "peek") as early:
        published(start, config)
        first = early.frame()
        time.sleep(RESEND_MAX_AGE_SECONDS + 0.2)
        with Listener(config, "peek") as late:
            assert late.frame().seq == early.frame().seq == first.seq + 1


def test_a_frame_of_a_slow_camera_is_sent_again_until_the_next_one(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 0.05\nidle_fps = 0.05")
    with Listener(config, "peek") as early:
        published(start, config)
        first = early.frame()
        time.sleep(RESEND_MAX_AGE_SECONDS + 0.2)
        with Listener(config, "live") as late:
            assert late.frame().seq == first.seq


def test_a_slow_idle_rate_holds_no_frame_back_from_peek(configure: Configure, start: Start) -> None:
    """The first frame for peek/ is due at once, however short the machine has been up."""
    config = configure(FRONT + "fps = 10\nidle_fps = 1e-7")
    published(start, config)
    time.sleep(RESEND_MAX_AGE_SECONDS + 0.2)
    with Listener(config, "peek") as peek:
        with pytest.raises(TimeoutError):
            peek.message(0.3)
        with Listener(config, "live"):
            assert peek.frame().seq > 1


def test_the_status_comes_once_a_second(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    running = published(start, config)
    with Listener(config, "status") as heard:
        first = heard.status(lambda status: status.state == "idle")
        heard.skip()
        started = time.monotonic()
        last = [next(heard.statuses()) for _ in range(3)][-1]
        assert 1.9 < time.monotonic() - started < DEADLINE_SECONDS
    assert (last.camera, last.pid, last.source, last.epoch) == ("front", running.pid, "testcard", first.epoch)
    assert (last.width, last.height, last.dropped, last.bad) == (160, 120, 0, 0)
    assert last.since == first.since
    assert first.since <= time.time()
    assert last.seq > 0
    assert last.captured is not None
    assert last.monotonic is not None
    assert last.monotonic < time.monotonic()


def test_the_status_comes_at_every_change_of_state(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    published(start, config)
    with Listener(config, "status") as heard:
        since = heard.status(lambda status: status.state == "idle").since
        started = time.monotonic()
        for _ in range(5):
            with Listener(config, "live"):
                busy = heard.status(lambda status: status.state == "live")
            idle = heard.status(lambda status: status.state == "idle")
            assert since < busy.since < idle.since
            since = idle.since
        assert time.monotonic() - started < 5  # ten changes, told once a second, would take ten seconds


def test_the_status_comes_at_once_to_a_new_subscriber(configure: Configure, start: Start) -> None:
    config = configure(FRONT)
    published(start, config)
    started = time.monotonic()
    for _ in range(10):
        with Listener(config, "status") as heard:
            heard.message()
    assert time.monotonic() - started < 5


def test_a_camera_that_cannot_be_opened_is_offline_and_says_why(configure: Configure, start: Start) -> None:
    config = configure('[camera.front]\nsource = "v4l2:/dev/no-such-camera"\n')
    running = published(start, config)
    with Listener(config, "status") as heard:
        status = heard.status(lambda status: status.state == "offline")
    assert "/dev/no-such-camera" in status.reason
    assert f"camera front offline: {status.reason}" in running.log
    assert (status.seq, status.fps) == (0, 0)
    assert running.terminate() == 0


def test_the_configured_orientation_is_in_the_picture_and_in_the_header(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "orientation = 6")
    published(start, config)
    with Listener(config, "live") as live:
        frame = live.frame()
    assert frame.orientation == 6
    assert opened(frame.jpeg).getexif()[ORIENTATION] == 6


def test_cameras_do_not_hear_each_other(configure: Configure, start: Start) -> None:
    config = configure(FRONT + '[camera.front2]\nsource = "testcard"\nsize = "64x48"\n')
    published(start, config)
    start("capture", "front2", config=config).wait_for("camera front2 publishes at ")
    with Listener(config, "live") as live, Listener(config, "live", "front2") as other:
        assert (live.frame().width, other.frame().width) == (160, 64)


def test_a_second_capture_of_a_camera_ends_and_the_first_goes_on(configure: Configure, start: Start) -> None:
    config = configure(FRONT + "fps = 10")
    first = published(start, config)
    with Listener(config, "live") as live:
        before = live.frame()
        second = start("capture", "front", config=config)
        assert second.ended() == 1
        assert last_line(second) == (
            f"ERROR capture-front: front already runs as process {first.pid} with run_dir {config.run_dir}; "
            "stop that one first, or give this one another run_dir"
        )
        seqs = [live.frame().seq for _ in range(15)]
        assert seqs[-1] - seqs[0] == 14
        assert live.frame().epoch == before.epoch
    assert "Traceback" not in second.log


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_ends_and_leaves_the_endpoint_free(
    number: signal.Signals, configure: Configure, start: Start
) -> None:
    config = configure(FRONT)
    running = published(start, config)
    with Listener(config, "live") as live:
        epoch = live.frame().epoch
        running.process.send_signal(number)
        assert running.ended() == 0
        assert last_line(running) == "INFO capture-front: stopped"
        published(start, config)
        wait_until(lambda: live.frame().epoch != epoch, "frames of the second run")


def test_at_once_asked_to_end_it_ends(configure: Configure, start: Start) -> None:
    running = published(start, configure(FRONT))
    assert running.terminate() == 0


def test_a_camera_that_is_not_configured_is_named_with_those_that_are(configure: Configure, start: Start) -> None:
    running = start("capture", "frnt", config=configure(FRONT + "[camera.garden]\n"))
    assert running.ended() == 2
    assert last_line(running) == (
        "ERROR capture-frnt: camera 'frnt' is not configured; there is front, garden; did you mean \"front\"?"
    )


def test_whatever_the_name_it_is_one_line(configure: Configure, start: Start) -> None:
    running = start("capture", "a\nb", config=configure(FRONT))
    assert running.ended() == 2
    assert last_line(running) == "ERROR capture-a | b: camera 'a\\nb' is not configured; there is front"


def test_without_a_name_it_says_how_it_is_called(start: Start) -> None:
    running = start("capture")
    assert running.ended() == 2
    assert "usage: capture [-h] [--config FILE] [--try] NAME" in running.log


def test_every_mistake_in_the_configuration_is_named(run_dir: Path, start: Start) -> None:
    file = run_dir / "wrong.toml"
    file.write_text('[camera.front]\nsize = "big"\nfps = 0\n')
    running = start("capture", "front", "--config", str(file))
    assert running.ended() == 2
    assert [line[24:] for line in running.log.splitlines()] == [
        f'ERROR capture-front: {file}: camera.front.size: found "big"; '
        'allowed: WIDTHxHEIGHT in pixels, each from 16 to 8192, such as "1280x720"',
        f"ERROR capture-front: {file}: camera.front.fps: found 0; "
        "allowed: frames a second, more than 0 and at most 240",
    ]


@pytest.mark.parametrize(
    ("folder", "reason"),
    [("taken/deeper", "Not a directory"), ("/proc/framebus", "No such file or directory")],
)
def test_a_run_dir_that_cannot_be_made_is_named(folder: str, reason: str, run_dir: Path, start: Start) -> None:
    (run_dir / "taken").write_text("")
    file = run_dir / "framebus.toml"
    file.write_text(f'run_dir = "{folder}"\n{FRONT}')
    running = start("capture", "front", "--config", str(file))
    assert running.ended() == 1
    assert last_line(running) == (
        f"ERROR capture-front: run_dir {run_dir / folder} cannot be made: {reason}. Name another in framebus.toml"
    )


def test_a_run_dir_that_others_may_write_to_is_refused(configure: Configure, start: Start, run_dir: Path) -> None:
    config = configure(FRONT)
    run_dir.chmod(0o777)
    running = start("capture", "front", config=config)
    assert running.ended() == 1
    assert last_line(running) == (
        f"ERROR capture-front: run_dir {run_dir} can be written to by others (mode 0777); run: chmod 700 {run_dir}"
    )


@pytest.mark.parametrize(
    ("in_the_way", "sentence"),
    [
        ("front.lock", "{run_dir}/front.lock cannot be opened: Is a directory"),
        ("front.frames", "cannot publish at ipc://{run_dir}/front.frames: Address already in use"),
    ],
)
def test_what_is_in_the_way_is_named(
    in_the_way: str, sentence: str, configure: Configure, start: Start, run_dir: Path
) -> None:
    config = configure(FRONT)
    (run_dir / in_the_way).mkdir()
    running = start("capture", "front", config=config)
    assert running.ended() == 1
    assert running.log[24:] == f"ERROR capture-front: {sentence.format(run_dir=run_dir)}\n"


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


@pytest.mark.slow
@pytest.mark.parametrize("failure", [ZeroDivisionError("a bug"), ssl.SSLError(1, "bad record mac"), MemoryError()])
def test_an_unforeseen_failure_is_told_as_the_reason_and_the_process_goes_on(
    failure: Exception, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(FRONT)
    failing = ScriptedSource(*[failure] * 1000)
    monkeypatch.setattr("capture.server.make_source", lambda *_: failing)
    capture, stop = Capture(config, "front"), Stop()
    thread = threading.Thread(target=lambda: capture.run(stop))
    thread.start()
    try:
        with Listener(config, "status") as heard:
            status = heard.status(lambda status: status.state == "offline")
        assert status.reason.startswith(f"scripted: reading it failed unexpectedly: {type(failure).__name__}")
    finally:
        stop.request()
        thread.join(DEADLINE_SECONDS)


@pytest.mark.slow
def test_where_only_another_process_can_help_the_status_says_why_before_this_one_ends(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(FRONT)
    monkeypatch.setattr(
        "capture.server.make_source", lambda *_: ScriptedSource(jpeg(), SourceStuck("scripted: closing it hangs"))
    )
    ended: list[str] = []

    def run() -> None:
        try:
            Capture(config, "front").run(Stop())
        except ProcessError as error:
            ended.append(str(error))

    with Listener(config, "status") as heard:
        thread = threading.Thread(target=run)
        thread.start()
        assert heard.status(lambda status: status.state == "offline").reason == "scripted: closing it hangs"
        thread.join(DEADLINE_SECONDS)
    assert ended == ["camera front: scripted: closing it hangs"]


@pytest.mark.slow
def test_a_camera_that_fails_every_few_pictures_is_never_told_offline(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(FRONT)
    script: list[Step] = [jpeg(), jpeg(), SourceError("the connection ended")] * 1000
    monkeypatch.setattr("capture.server.make_source", lambda *_: ScriptedSource(*script))
    capture, stop = Capture(config, "front"), Stop()
    thread = threading.Thread(target=lambda: capture.run(stop))
    thread.start()
    try:
        with Listener(config, "status") as heard, Listener(config, "live") as live:
            heard.status(lambda status: status.state == "live")
            seqs: list[int] = []
            states: set[str] = set()
            while len(seqs) < 20:
                seqs.append(live.frame().seq)
                while heard.waits:
                    states.add(next(heard.statuses()).state)
        assert states == {"live"}
        assert seqs[-1] - seqs[0] >= 19
    finally:
        stop.request()
        thread.join(DEADLINE_SECONDS)


def test_frames_are_published_over_tcp_as_well(configure: Configure, start: Start, free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    config = configure(f'[camera.front]\nsource = "testcard"\nsize = "64x48"\npublish = "{endpoint}"\n')
    start("capture", "front", config=config)
    with (
        Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as over_tcp,
        Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as over_ipc,
    ):
        assert over_tcp.receive().epoch == over_ipc.receive().epoch


def test_a_tcp_port_in_use_is_said(configure: Configure, start: Start, free_port: int) -> None:
    endpoint = f"tcp://127.0.0.1:{free_port}"
    config = configure(f'[camera.front]\nsource = "testcard"\npublish = "{endpoint}"\n')
    with socket.create_server(("127.0.0.1", free_port)):
        capture = start("capture", "front", config=config)
        assert capture.ended() == 1
    assert capture.log.rstrip().endswith(f"ERROR capture-front: cannot publish at {endpoint}: Address already in use")


def test_auto_is_told_as_what_it_chose(configure: Configure, start: Start) -> None:
    config = configure('[camera.front]\nsource = "auto"\nsize = "160x120"\n')
    with Listener(config, "status") as statuses, Listener(config, "live") as live:
        start("capture", "front", config=config)
        chosen = live.frame().header.source
        assert chosen != "auto"
        assert statuses.status(lambda status: status.state == "live").source == chosen
