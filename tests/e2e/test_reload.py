"""`framebus reload` and SIGHUP under a real supervisord: who watches an unchanged camera notices nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import WebSocketClientConnection, websocket_connect

from framebus.config.load import load
from tests.e2e.conftest import Pipeline, Up
from tests.e2e.mjpeg_reader import MjpegReader
from tests.processes import wait_until

FRONT = '[camera.front]\nsource = "testcard"\nsize = "64x48"\nfps = 10\n'
GARDEN = '[camera.garden]\nsource = "testcard"\nsize = "64x48"\nfps = 10\n'
LARGER = GARDEN.replace("64x48", "96x64")
PORCH = GARDEN.replace("garden", "porch")
MOST_GAP_SECONDS = 2.0


class Watcher(threading.Thread):
    """Reads one connection until it ends, and knows the longest wait between two messages."""

    def __init__(self, read: Callable[[], None], close: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._read, self._close = read, close
        self.messages = 0
        self.longest_gap = 0.0
        self.failure: Exception | None = None
        self.ended = False
        self.start()

    def run(self) -> None:
        last = time.monotonic()
        try:
            while not self.ended:
                self._read()
                self.messages += 1
                self.longest_gap, last = max(self.longest_gap, time.monotonic() - last), time.monotonic()
        except Exception as error:
            self.failure = error

    def check(self) -> None:
        """It is the same connection, and it was never silent for long."""
        before = self.messages
        wait_until(lambda: self.messages >= before + 3 or self.failure, "three more messages")
        assert self.failure is None
        assert self.longest_gap < MOST_GAP_SECONDS

    def stop(self) -> None:
        """Read no more."""
        self.ended = True
        self.join()
        self._close()


def mjpeg(pipeline: Pipeline, camera: str) -> Watcher:
    reader = MjpegReader(pipeline.config.gateway.listen.port, f"/camera/{camera}/stream.mjpg")
    return Watcher(lambda: void(reader.part()), reader.close)


def websocket(pipeline: Pipeline, camera: str, seen: list[str]) -> Watcher:
    """The websocket of the page, watching one camera; `seen` takes the texts that arrive."""
    loop = IOLoop(make_current=False)
    request = HTTPRequest(f"{pipeline.url.replace('http', 'ws')}/ws")

    def connect() -> WebSocketClientConnection:
        socket: WebSocketClientConnection = loop.run_sync(lambda: websocket_connect(request))
        loop.run_sync(lambda: socket.write_message(json.dumps({"watch": [camera]})))
        return socket

    with ThreadPoolExecutor(1) as other_thread:  # Playwright's loop runs in this one
        socket = other_thread.submit(connect).result()

    def read() -> None:
        message = loop.run_sync(socket.read_message)
        assert message is not None, "the connection has ended"
        if isinstance(message, str):
            seen.append(message)
        elif message.startswith(f"live/{camera}\n".encode()):
            seq = json.loads(message.split(b"\n", 2)[1])["seq"]
            loop.run_sync(lambda: socket.write_message(json.dumps({"ack": camera, "seq": seq})))

    async def close_socket() -> None:
        socket.close()

    def close() -> None:
        with ThreadPoolExecutor(1) as other_thread:
            other_thread.submit(loop.run_sync, close_socket).result()
        loop.close()

    return Watcher(read, close)


def void(_value: object) -> None:
    """For a function of no interest."""


def write(pipeline: Pipeline, cameras: str, gateway: str = "", listen: str | None = None) -> None:
    """Edit the configuration of a pipeline."""
    config = pipeline.config
    assert config.path is not None
    served = f'[gateway]\nlisten = "{listen or config.gateway.listen}"\n{gateway}\n'
    config.path.write_text(f'run_dir = "{config.run_dir}"\n{cameras}\n{served}')


def begin_reload(pipeline: Pipeline) -> "subprocess.Popen[str]":
    command = [sys.executable, "-P", "-m", "framebus", "reload", "--config", str(pipeline.config.path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def reload(pipeline: Pipeline, status: int = 0) -> str:
    """Run `framebus reload`; returns what it prints."""
    running = begin_reload(pipeline)
    out, err = running.communicate(timeout=30)
    assert running.returncode == status, out + err
    if not status:
        pipeline.config = load(pipeline.config.path)
        pipeline.url = f"http://{pipeline.config.gateway.listen}"
    return out or err


def others(pipeline: Pipeline, *changed: str) -> dict[str, int]:
    """The process ids of all but these."""
    return {name: pid for name, pid in pipeline.processes().items() if name not in changed}


@pytest.fixture
def pipeline(up: Up) -> Pipeline:
    return up(FRONT)


@pytest.fixture
def watchers(pipeline: Pipeline) -> Iterator[list[Watcher]]:
    """Two who watch camera front, through MJPEG and through the page's websocket."""
    watchers = [mjpeg(pipeline, "front"), websocket(pipeline, "front", [])]
    yield watchers
    for watcher in watchers:
        watcher.stop()


def test_viewers_of_one_camera_stay_while_another_is_added_changed_renamed_and_removed(
    pipeline: Pipeline, watchers: list[Watcher]
) -> None:
    before = pipeline.processes()
    for cameras, said in (
        (FRONT + GARDEN, "camera garden was added\n"),
        (FRONT + LARGER, "camera garden was changed\n"),
        (FRONT + PORCH, "camera garden was removed\ncamera porch was added\n"),
        (FRONT, "camera porch was removed\n"),
    ):
        write(pipeline, cameras)
        assert reload(pipeline) == said
        pipeline.wait_until_whole()
        wait_until(lambda: {camera["name"] for camera in pipeline.cameras()} == set(pipeline.config.cameras), said)
        for watcher in watchers:
            watcher.check()
    assert pipeline.processes() == before


def test_a_new_camera_gives_streams_and_stills_and_a_removed_one_none(pipeline: Pipeline) -> None:
    write(pipeline, FRONT + GARDEN)
    reload(pipeline)
    pipeline.wait_until_whole()
    wait_until(lambda: len(pipeline.cameras()) == 2, "the new camera")
    viewer = mjpeg(pipeline, "garden")
    viewer.check()
    wait_until(lambda: answer(pipeline, "/camera/garden/snapshot.jpg") == 200, "a still of the new camera")

    write(pipeline, FRONT)
    reload(pipeline)

    wait_until(lambda: viewer.failure is not None, "the end of the stream")
    viewer.stop()
    wait_until(lambda: answer(pipeline, "/camera/garden/snapshot.jpg") == 404, "no still of the removed camera")
    assert answer(pipeline, "/camera/garden/stream.mjpg") == 404


def answer(pipeline: Pipeline, path: str) -> int:
    try:
        pipeline.get(path)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def test_a_changed_camera_restarts_alone_and_its_viewers_stay(up: Up) -> None:
    pipeline = up(FRONT + GARDEN)
    viewer = mjpeg(pipeline, "garden")
    before = others(pipeline, "capture garden")
    write(pipeline, FRONT + LARGER)

    assert reload(pipeline) == "camera garden was changed\n"

    wait_until(lambda: pipeline.cameras()[1]["width"] == 96, "the new size")
    assert others(pipeline, "capture garden") == before
    messages = viewer.messages
    wait_until(lambda: viewer.messages > messages, "more pictures on the same connection")
    viewer.stop()
    assert viewer.failure is None


def test_a_file_with_mistakes_changes_nothing_and_is_said(pipeline: Pipeline, watchers: list[Watcher]) -> None:
    before, copy = pipeline.processes(), (pipeline.config.run_dir / "checked.toml").read_bytes()
    write(pipeline, FRONT + GARDEN + "fsp = 3\n")

    mistake = (
        f"{pipeline.config.path}: camera.garden.fsp: found a key unknown to framebus; allowed in [camera.garden]: "
    )
    assert reload(pipeline, 2).startswith(mistake)
    assert reload(pipeline, 2).endswith("nothing was changed\n")

    assert pipeline.processes() == before
    assert (pipeline.config.run_dir / "checked.toml").read_bytes() == copy
    pipeline.up.wait_for(f"ERROR framebus: reload: {mistake}")
    pipeline.kill("snapshot")  # what starts again starts with the copy
    write(pipeline, FRONT)
    pipeline.wait_until_whole()
    for watcher in watchers:
        watcher.check()


def test_sighup_reloads(pipeline: Pipeline, watchers: list[Watcher]) -> None:
    write(pipeline, FRONT + GARDEN)

    pipeline.up.process.send_signal(signal.SIGHUP)

    pipeline.up.wait_for("INFO framebus: reload: camera garden was added")
    pipeline.config = load(pipeline.config.path)
    pipeline.wait_until_whole()
    for watcher in watchers:
        watcher.check()


def test_two_reloads_at_once_leave_what_the_file_says(pipeline: Pipeline) -> None:
    write(pipeline, FRONT + GARDEN)
    first = begin_reload(pipeline)
    write(pipeline, FRONT + PORCH)
    second = begin_reload(pipeline)
    assert [running.wait(30) for running in (first, second)] == [0, 0]
    for running in (first, second):
        running.communicate()
    pipeline.config = load(pipeline.config.path)
    pipeline.wait_until_whole()
    assert set(pipeline.processes()) == {"supervisord", "gateway", "snapshot", "capture front", "capture porch"}


def test_a_process_that_is_killed_during_a_reload_does_not_disturb_it(pipeline: Pipeline) -> None:
    write(pipeline, FRONT.replace("64x48", "96x64") + GARDEN)
    running = begin_reload(pipeline)
    os.kill(pipeline.processes()["capture front"], signal.SIGKILL)
    os.kill(pipeline.processes()["gateway"], signal.SIGKILL)
    assert running.wait(30) == 0
    running.communicate()
    pipeline.config = load(pipeline.config.path)
    pipeline.wait_until_whole()
    wait_until(lambda: [camera["width"] for camera in pipeline.cameras()] == [96, 64], "the new size")


def test_a_check_that_is_killed_changes_nothing(pipeline: Pipeline) -> None:
    before = pipeline.processes()
    fifo = pipeline.config.run_dir / "fifo"
    os.mkfifo(fifo)
    assert pipeline.config.path is not None
    text = pipeline.config.path.read_text()
    pipeline.config.path.unlink()
    pipeline.config.path.symlink_to(slow_file(fifo.parent))
    os.kill(pipeline.up.pid, signal.SIGHUP)
    wait_until(lambda: "framebus.supervision.check" in pipeline.processes(), "the check")
    os.kill(pipeline.processes()["framebus.supervision.check"], signal.SIGKILL)
    pipeline.up.wait_for("the check of the configuration ended without an answer")
    pipeline.config.path.unlink()
    pipeline.config.path.write_text(text)
    assert pipeline.processes() == before
    assert reload(pipeline) == "nothing was changed\n"


def slow_file(folder: Path) -> Path:
    """A file that takes long to check: many cameras with a mistake each."""
    file = folder / "slow.toml"
    file.write_text("".join(f'[camera.c{number}]\nsource = "textcard"\n' for number in range(20_000)))
    return file


def test_another_address_restarts_the_gateway_alone(pipeline: Pipeline, free_port: int) -> None:
    before = others(pipeline, "gateway")
    gateway = pipeline.processes()["gateway"]
    write(pipeline, FRONT, listen=f"127.0.0.1:{free_port}", gateway="max_viewers = 7")
    assert reload(pipeline) == "gateway restarts, as [gateway] was changed\n"
    pipeline.wait_until_whole()
    assert others(pipeline, "gateway") == before
    assert pipeline.processes()["gateway"] != gateway


def test_more_and_fewer_workers(pipeline: Pipeline) -> None:
    for workers in (3, 2, 1):
        write(pipeline, FRONT, gateway=f"workers = {workers}")
        reload(pipeline)
        pipeline.wait_until_whole()


def test_every_worker_follows_the_cameras(up: Up) -> None:
    pipeline = up(FRONT, gateway="workers = 2")
    before = pipeline.processes()
    write(pipeline, FRONT + GARDEN, gateway="workers = 2")
    reload(pipeline)
    pipeline.wait_until_whole()
    wait_until(lambda: all(len(pipeline.cameras()) == 2 for _ in range(12)), "both cameras from both workers")
    assert others(pipeline, "capture garden") == before


def test_keys_that_take_a_restart_are_said(pipeline: Pipeline) -> None:
    assert pipeline.config.path is not None
    text = pipeline.config.path.read_text()
    pipeline.config.path.write_text(text.replace("framebus-", "framebus-other-", 1))
    assert reload(pipeline, 2) == (
        f"{pipeline.config.path}: run_dir: changed from {pipeline.config.run_dir} to "
        f"{str(pipeline.config.run_dir).replace('framebus-', 'framebus-other-')}; that takes a restart of framebus\n"
        "nothing was changed\n"
    )
    pipeline.config.path.write_text(text)


def test_users_tokens_and_secrets_are_untouched(pipeline: Pipeline) -> None:
    def framebus(*words: str, password: str = "") -> str:
        command = [sys.executable, "-P", "-m", "framebus", *words, "--config", str(pipeline.config.path)]
        return subprocess.run(command, input=password, capture_output=True, text=True, check=True).stdout.strip()

    write(pipeline, FRONT + GARDEN)
    reload(pipeline)
    pipeline.wait_until_whole()
    token = framebus("token", "add", "garden-only", "--camera", "garden")
    secrets = pipeline.config.secrets.read_bytes()

    def seen() -> list[str]:
        cameras = json.loads(pipeline.get(f"/api/cameras?token={token}"))["cameras"]
        return [camera["name"] for camera in cameras]

    wait_until(lambda: seen() == ["garden"], "the camera of the token alone")
    write(pipeline, FRONT + LARGER + PORCH)
    reload(pipeline)
    wait_until(lambda: "capture porch" in pipeline.processes(), "the third camera")
    time_to_follow = time.monotonic() + 2
    while time.monotonic() < time_to_follow:
        assert seen() == ["garden"]
    assert pipeline.config.secrets.read_bytes() == secrets


def test_the_page_is_told_of_new_and_removed_cameras(pipeline: Pipeline) -> None:
    texts: list[str] = []
    watcher = websocket(pipeline, "front", texts)

    def is_named_last(text: str) -> bool:
        return [each for each in texts if each.startswith('{"cameras"')][-1:] == [text]

    wait_until(partial(is_named_last, '{"cameras":["front"]}'), "the names at the beginning")
    for cameras, text in (
        (FRONT + GARDEN, '{"cameras":["front","garden"]}'),
        (GARDEN + FRONT, '{"cameras":["garden","front"]}'),
        (FRONT, '{"cameras":["front"]}'),
    ):
        write(pipeline, cameras)
        reload(pipeline)
        wait_until(partial(is_named_last, text), text)
    watcher.check()
    watcher.stop()
