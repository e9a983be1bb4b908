"""`framebus reload` where there is nothing to reload, and `framebus check`; tests/e2e/test_reload.py has the rest."""

import socket

from tests.conftest import Configure, Start


def test_a_framebus_that_does_not_run_is_said(configure: Configure, start: Start) -> None:
    config = configure()
    running = start("framebus", "reload", config=config)
    assert running.ended() == 1
    assert running.log == f"no framebus runs with run_dir {config.run_dir}\n"


def test_a_socket_that_answers_otherwise_is_said(configure: Configure, start: Start) -> None:
    config = configure()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(config.run_dir / "supervisor.sock"))
        other.listen()
        running = start("framebus", "reload", config=config)
        connection, _ = other.accept()
        request = b""
        while b"</methodCall>" not in request:  # closed with an unread part, the connection would be reset
            request += connection.recv(4096)
        connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\n")
        connection.close()
        assert running.ended() == 1
    assert running.log == (
        f"the framebus with run_dir {config.run_dir} gave no answer (ProtocolError); "
        "if it is of an earlier version, restart it\n"
    )


def test_mistakes_are_said_without_a_running_framebus_too(configure: Configure, start: Start) -> None:
    config = configure()
    assert config.path is not None
    config.path.write_text("[camera.front]\nfps = 0\n")
    running = start("framebus", "reload", config=config)
    assert running.ended() == 2
    mistake = f"{config.path}: camera.front.fps: found 0; allowed: frames a second, more than 0 and at most 240\n"
    assert running.log == f"{mistake}nothing was changed\n"

    check = start("framebus", "check", str(config.path))
    assert check.ended() == 2
    assert check.log == mistake


def test_a_file_without_mistakes(configure: Configure, start: Start) -> None:
    config = configure()
    check = start("framebus", "check", config=config)
    assert check.ended() == 0
    assert check.log == f"{config.path}: no mistakes; cameras: front\n"
