"""Whether a process listens at a socket file."""

import socket
from pathlib import Path

import pytest

from framebus.runtime.socket_probe import is_served


def test_a_socket_is_served_while_a_process_listens(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    assert not is_served(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert not is_served(path), "it does not listen yet"
        listener.listen()
        assert is_served(path)
    assert path.exists()
    assert not is_served(path), "the file is left"


def test_a_process_that_accepts_nothing_at_the_moment_is_there(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        waiting = [socket.socket(socket.AF_UNIX) for _ in range(5)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(str(path))
        assert is_served(path)
        for client in waiting:
            client.close()


@pytest.mark.parametrize("name", ["x" * 200, "file"])
def test_what_is_no_socket_is_not_served(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not is_served(tmp_path / name)
