"""Video from cameras that send it to whoever connects: each picture as it comes."""

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture import jpegs
from tests.capture.media.watching import failure, opened, pictures
from tests.processes import DEADLINE_SECONDS

END = b""


class TcpCamera:
    """Sends what it is given to one client after the other."""

    def __init__(self) -> None:
        self.clients = 0
        self._data: queue.Queue[bytes] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.url = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def send(self, data: bytes) -> None:
        self._data.put(data)

    def hang_up(self) -> None:
        self._data.put(END)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._data.put(END)
        self._thread.join(DEADLINE_SECONDS)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.clients += 1
                with client, contextlib.suppress(ConnectionError):
                    while data := self._data.get():
                        client.sendall(data)


@pytest.fixture
def camera() -> Iterator[TcpCamera]:
    with contextlib.closing(TcpCamera()) as made:
        yield made


@pytest.mark.parametrize("path", ["", "/listen"])
def test_jpegs_end_to_end_come_each_at_once(path: str, camera: TcpCamera) -> None:
    sent = [jpegs.jpeg(quality=quality) for quality in (50, 60, 70)]
    camera.send(sent[0])
    with opened(camera.url + path) as source:
        shown = pictures(source)
        assert next(shown).jpeg == sent[0]
        for jpeg in sent[1:]:
            camera.send(jpeg)
            assert next(shown).jpeg == jpeg
        assert camera.clients == 1


def test_a_camera_that_hangs_up_is_connected_to_again(camera: TcpCamera) -> None:
    camera.send(jpegs.jpeg())
    with opened(camera.url) as source:
        shown = pictures(source)
        next(shown)
        camera.hang_up()
        camera.send(jpegs.jpeg())
        next(shown)
        assert camera.clients == 2


@pytest.mark.parametrize("codec", ["h264", pytest.param("mpegts", marks=pytest.mark.slow)])
def test_video_comes_with_its_own_last_byte(codec: str, camera: TcpCamera, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="the extra av is not installed")
    from tests.capture.media import clips

    file = clips.of_colours(tmp_path / "clip.h264", "libx264", clips.COLOURS, size=(320, 240), gop=4)
    units = [clips.remuxed(file, "mpegts")] if codec == "mpegts" else clips.packets(file)
    camera.send(units[0])
    with opened(camera.url) as source:
        shown = pictures(source)
        assert clips.colour(next(shown).jpeg) in clips.COLOURS
        for unit, colour in zip(units[1:], clips.COLOURS[1:], strict=False):
            camera.send(unit)
            assert clips.colour(next(shown).jpeg) == colour


def test_a_connection_that_waits_is_woken(camera: TcpCamera) -> None:
    camera.send(jpegs.jpeg())
    with opened(camera.url, patience=1000) as source:
        next(pictures(source))
        source.close()


def test_a_camera_that_sends_nothing_is_silent(camera: TcpCamera) -> None:
    assert failure(camera.url, 0.4) == f"{camera.url}: sent nothing for 0.4 seconds"


def test_what_is_no_video_is_refused(camera: TcpCamera) -> None:
    pytest.importorskip("av", reason="the extra av is not installed")
    camera.send(b"220 mail.example ESMTP\r\n" * 100)
    camera.hang_up()
    assert failure(camera.url).startswith(f"{camera.url}: ")


def test_a_url_without_a_port_is_refused() -> None:
    assert "it has no port; allowed: tcp://HOST:PORT" in failure("tcp://127.0.0.1")


def test_an_unknown_host() -> None:
    assert failure("tcp://camera..local:1") == (
        "tcp://camera..local:1: the host name camera..local was not found; "
        "check the name, or write the camera's IP address"
    )
