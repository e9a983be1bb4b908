"""The settings service, as systemd starts it: what it writes for the gateway, and what it refuses."""

import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from framebus.settings.change import AddCamera, Change, RemoveCamera, SetNetwork
from framebus.settings.change_messages import MAX_LINE_BYTES
from framebus.settings.change_service import MAX_FILE_BYTES, ChangeService
from framebus.settings.config_file import version_of
from tests.processes import DEADLINE_SECONDS

pytestmark = pytest.mark.medium
TEXT = '# mine\n[camera.front]\nsource = "testcard"  # until there is one\n'
CAMERA = AddCamera("garden", {"source": "testcard"})
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.executable, [sys.executable, "-P", "-m", "framebus.settings.change_service", *sys.argv[2:]])
"""
"""What systemd does: passes the socket as descriptor 3."""
Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    path = folder / "framebus.toml"
    path.write_text(TEXT)
    path.chmod(0o640)
    return path


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        bound.listen(16)
        yield bound


def connected(listener: socket.socket) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(DEADLINE_SECONDS)
    connection.connect(listener.getsockname())
    return connection


@pytest.fixture
def process(listener: socket.socket, file: Path) -> Iterator[None]:
    """The service as systemd starts it."""
    me = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    command = [sys.executable, "-c", ACTIVATE, str(listener.fileno()), "--user", me, "--config", str(file)]
    service = subprocess.Popen(command, pass_fds=[listener.fileno()])
    yield
    service.terminate()
    assert service.wait(DEADLINE_SECONDS) == 0


@pytest.fixture
def connect(listener: socket.socket, file: Path) -> Iterator[Callable[[], socket.socket]]:
    """The service in a thread, without its pauses."""
    folder = file.with_name("avahi")
    folder.mkdir()
    service = ChangeService(file, frozenset({os.geteuid()}), pause_seconds=0, announcements=folder)

    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            service.serve(listener, idle_seconds=0.05)

    thread = threading.Thread(target=serve)
    thread.start()
    yield lambda: connected(listener)
    ended.set()
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def request(change: Change, text: str = TEXT) -> bytes:
    return msgspec.json.encode({"change": change, "version": version_of(text)}) + b"\n"


def answer(connection: socket.socket) -> dict[str, Any]:
    line = b""
    while not line.endswith(b"\n"):
        part = connection.recv(4096)
        assert part, line
        line += part
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.fixture
def ask(connect: Callable[[], socket.socket]) -> Ask:
    """Send a line over a connection of its own, and return the answer."""

    def asked(line: bytes) -> dict[str, Any]:
        with connect() as connection:
            connection.sendall(line)
            return answer(connection)

    return asked


def test_it_changes_the_file_and_takes_that_back(process: None, listener: socket.socket, file: Path) -> None:
    with connected(listener) as connection:
        connection.sendall(request(CAMERA))
        assert answer(connection) == {}
        added = file.read_text()
        assert added == f'{TEXT}\n[camera.garden]\nsource = "testcard"\n'
        old = file.with_name("framebus.toml.old")
        assert (old.read_text(), old.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (TEXT, 0o640, 0o640)
        connection.sendall(b"undo\n")
        assert answer(connection) == {}
        assert file.read_text() == TEXT
    assert [path.name for path in sorted(file.parent.iterdir())] == ["framebus.toml", "framebus.toml.old"]


def test_every_change_is_made_or_refused_by_the_rules_of_the_file(ask: Ask, file: Path) -> None:
    assert ask(request(SetNetwork(open=True))) == {}
    assert 'listen = "0.0.0.0:8080"' in file.read_text()
    assert ask(request(RemoveCamera("front"), file.read_text()))["code"] == "not-allowed"
    assert ask(request(CAMERA))["code"] == "changed"
    assert ask(request(AddCamera("x", {"source": "testcard", "size": "huge"}), file.read_text()))["code"] == "refused"


def test_avahi_announces_the_page_while_the_file_opens_it(ask: Ask, file: Path) -> None:
    """One connection is served after the other: an answer says that the change before it is done."""
    announcement = file.with_name("avahi") / "framebus.service"
    assert ask(request(SetNetwork(open=True))) == {}
    assert ask(request(CAMERA, file.read_text())) == {}
    text = announcement.read_text()
    assert "<type>_http._tcp</type>" in text
    assert "<port>8080</port>" in text
    assert ask(request(SetNetwork(open=False), file.read_text())) == {}
    assert ask(request(RemoveCamera("garden"), file.read_text())) == {}
    assert not announcement.exists()


def test_what_was_closed_or_taken_back_meanwhile_is_not_announced(
    ask: Ask, connect: Callable[[], socket.socket], file: Path
) -> None:
    with connect() as connection:
        connection.sendall(request(SetNetwork(open=True)))
        assert answer(connection) == {}
        connection.sendall(b"undo\n")
        assert answer(connection) == {}
    with connect() as connection:
        connection.sendall(request(SetNetwork(open=True)))
        assert answer(connection) == {}
        file.write_text(TEXT)
    assert ask(request(CAMERA)) == {}
    assert list(file.with_name("avahi").iterdir()) == []


def test_an_edit_after_the_change_is_not_taken_back(connect: Callable[[], socket.socket], file: Path) -> None:
    with connect() as connection:
        connection.sendall(request(CAMERA))
        assert answer(connection) == {}
        file.write_text(file.read_text() + "# by hand\n")
        connection.sendall(b"undo\n")
        assert answer(connection) == {}
    assert file.read_text().endswith("# by hand\n")


def test_settings_false_in_the_file_forbids_it_also_before_it_is_in_force(ask: Ask, file: Path) -> None:
    text = f"{TEXT}[gateway]\nsettings = false\n"
    file.write_text(text)
    found = ask(request(CAMERA, text))
    assert (found["code"], file.read_text()) == ("off", text)
    assert "settings = false in [gateway]" in found["message"]


def test_what_is_no_request_changes_nothing_and_stops_nothing(
    ask: Ask, connect: Callable[[], socket.socket], file: Path
) -> None:
    for line in (
        b"\n",
        b"\xff\xfe\n",
        b"[" * 20_000 + b"\n",
        b'{"change": {"do": "write", "text": "user = 1"}, "version": "x"}\n',
        request(CAMERA).replace(b'"version"', b'"path":"/etc/passwd","version"'),
        request(CAMERA).replace(b'"garden"', b'"../x"'),
    ):
        assert ask(line)["code"] == "not-allowed", line
    with connect() as connection, pytest.raises(ConnectionError):  # too long: closed without an answer
        connection.sendall(b"x" * (64 * MAX_LINE_BYTES))
    connect().close()
    assert file.read_text() == TEXT
    assert ask(request(CAMERA)) == {}


def test_a_file_that_others_may_replace_is_left_alone(ask: Ask, file: Path) -> None:
    file.parent.chmod(0o775)
    assert ask(request(CAMERA))["code"] == "read-only"
    file.parent.chmod(0o755)
    file.chmod(0o646)
    assert ask(request(CAMERA))["code"] == "read-only"
    file.chmod(0o640)
    target = file.rename(file.with_name("target"))
    file.symlink_to(target)
    assert ask(request(CAMERA))["code"] == "read-only"
    file.unlink()
    assert ask(request(CAMERA))["code"] == "read-only"
    os.mkfifo(file)
    assert ask(request(CAMERA))["code"] == "read-only"
    file.unlink()
    file.write_text(f"{TEXT}#{'x' * MAX_FILE_BYTES}\n")
    assert ask(request(CAMERA, file.read_text()))["code"] == "read-only"
    target.replace(file)
    assert ask(request(CAMERA)) == {}


@pytest.mark.slow
def test_who_keeps_the_file_locked_keeps_nobody_waiting_for_ever(ask: Ask, file: Path) -> None:
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        found = ask(request(CAMERA))
    assert found == {}
    assert "[camera.garden]" in file.read_text()


def test_another_user_is_refused(listener: socket.socket, file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(listener.getsockname())
        client.sendall(request(CAMERA))
        ChangeService(file, frozenset(), pause_seconds=0).serve(listener, idle_seconds=0)
        assert answer(client)["message"] == "only the user of framebus may send changes"
    assert file.read_text() == TEXT


def test_clients_that_leave_keep_nobody_out(listener: socket.socket, file: Path) -> None:
    for part in (b"", b"\n", request(CAMERA)[:-1]) * 4:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(listener.getsockname())
            client.sendall(part)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(listener.getsockname())
        client.sendall(request(CAMERA))
        client.shutdown(socket.SHUT_WR)  # it will not take the change back
        ChangeService(file, frozenset({os.geteuid()}), pause_seconds=0).serve(listener, idle_seconds=0)
        assert answer(client) == {}


def test_the_change_of_a_client_that_gave_up_is_taken_back(listener: socket.socket, file: Path) -> None:
    """It has reported that the change failed, and applies nothing."""
    with connected(listener) as client:
        client.sendall(request(CAMERA))
    ChangeService(file, frozenset({os.geteuid()}), pause_seconds=0).serve(listener, idle_seconds=0)
    assert file.with_name("framebus.toml.old").exists()  # it was made
    assert file.read_text() == TEXT


def test_the_file_does_not_grow_without_end(listener: socket.socket, file: Path) -> None:
    text = f"{TEXT}#{'x' * (MAX_FILE_BYTES - len(TEXT) - 20)}\n"
    file.write_text(text)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(listener.getsockname())
        client.sendall(request(CAMERA, text))
        ChangeService(file, frozenset({os.geteuid()}), pause_seconds=0).serve(listener, idle_seconds=0)
        assert answer(client)["code"] == "not-allowed"
    assert file.read_text() == text


def test_without_its_socket_it_does_not_start(file: Path) -> None:
    command = [sys.executable, "-P", "-m", "framebus.settings.change_service", "--user", "root", "--config", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False)
    assert done.returncode == 2
    assert "framebus-settings.socket" in done.stderr
