"""`framebus snapshot`: one still, saved to a file in one step."""

import json
import os
import resource
import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from framebus.__main__ import main
from framebus.config.load import Config
from framebus.protocol.wire import ErrorHeader, pack
from framebus.runtime.atomic_write import write_atomically
from tests.conftest import Configure
from tests.framebus.conftest import Serve
from tests.framebus.golden.make import FRAME, JPEG

STILL = pack("snapshot", "front", FRAME, JPEG)
STALE = pack("error", "front", ErrorHeader(v=1, code="stale", message="camera front has given no picture for 12 s"))

Command = Callable[..., int]


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure()


@pytest.fixture
def command(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`framebus snapshot ARGUMENTS`, in a folder of its own; returns the exit status."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["framebus", "snapshot", "--config", str(config.path), *arguments])
        return main()

    return run


def answering(serve: Serve, config: Config, reply: bytes) -> None:
    serve(f"ipc://{config.run_dir}/snapshot", lambda request: reply)


def test_a_still_is_saved_under_the_name_of_its_camera(
    command: Command, serve: Serve, config: Config, tmp_path: Path
) -> None:
    answering(serve, config, STILL)

    assert command("front") == 0
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("front.jpg", JPEG)]


def test_a_still_is_saved_to_the_named_file(command: Command, serve: Serve, config: Config, tmp_path: Path) -> None:
    answering(serve, config, STILL)

    assert command("front", "-o", "door.jpg") == 0
    assert command("front", "--output", "door.jpg") == 0
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("door.jpg", JPEG)]


def test_a_still_goes_to_stdout(
    command: Command, serve: Serve, config: Config, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    answering(serve, config, STILL)

    assert command("front", "-o", "-") == 0
    assert capsysbinary.readouterr() == (JPEG, b"")
    assert list(tmp_path.iterdir()) == []


def test_the_reason_of_the_service_is_printed(
    command: Command, serve: Serve, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(serve, config, STALE)

    assert command("front") == 1
    assert capsys.readouterr() == ("", "camera front has given no picture for 12 s\n")
    assert list(tmp_path.iterdir()) == []


def test_an_invalid_reply_is_reported(
    command: Command, serve: Serve, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(serve, config, b"hello")

    assert command("front") == 1
    assert capsys.readouterr() == ("", "message with 0 line ends, expected 2 or more: 'hello'\n")


@pytest.mark.slow
def test_silence_is_reported(command: Command, config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("front", "--timeout", "0.2") == 1
    assert capsys.readouterr() == (
        "",
        f"no answer from the snapshot service at ipc://{config.run_dir}/snapshot within 0.2 s: "
        f"{config.run_dir}/snapshot does not exist; its process is not running\n",
    )


def test_a_missing_folder_is_reported(
    command: Command, serve: Serve, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(serve, config, STILL)

    assert command("front", "-o", "none/front.jpg") == 1
    assert capsys.readouterr() == ("", "none/front.jpg: No such file or directory\n")


@pytest.mark.parametrize(
    ("flags", "request_"),
    [
        ([], {}),
        (["--fresh", "--timeout", "20"], {"fresh": True, "timeout": 20.0}),
        (["--max-age", "0.5", "--width", "320", "--height=240"], {"max_age": 0.5, "width": 320, "height": 240}),
        (
            ["--settle", "10f", "--quality", "60", "--upright"],
            {"settle": "10f", "quality": 60, "orientation": "upright"},
        ),
        (["--settle", "1.5"], {"settle": 1.5}),
        (["--at", "1767225600.5"], {"at": 1767225600.5}),
        (["--ago", "3"], {"ago": 3.0}),
        (["--full"], {"full": True}),
    ],
)
def test_each_flag_is_a_parameter_of_the_request(
    flags: list[str], request_: dict[str, object], command: Command, serve: Serve, config: Config
) -> None:
    asked: list[dict[str, object]] = []

    def answer(request: bytes) -> bytes:
        asked.append(json.loads(request))
        return STILL

    serve(f"ipc://{config.run_dir}/snapshot", answer)
    assert command("front", *flags) == 0
    assert asked == [{"camera": "front", "timeout": 5.0, **request_}]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--width", "wide"], 'width: found "wide"; allowed: pixels, a whole number from 1 to 8192'),
        (["--timeout", "0"], 'timeout: found "0"; allowed: seconds, more than 0 and at most 60'),
        (["--at", "5", "--ago", "5"], "at and ago: found both; allowed: one of them"),
    ],
)
def test_an_invalid_parameter_is_refused_at_once(
    flags: list[str], sentence: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("front", *flags) == 2
    assert capsys.readouterr() == ("", f"{sentence}\n")


def test_a_file_name_may_hold_the_time_of_the_frame(
    command: Command, serve: Serve, config: Config, tmp_path: Path
) -> None:
    answering(serve, config, STILL)
    assert command("front", "-o", "lapse/%Y-%m-%d/%H%M%S.jpg") == 0
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    taken = datetime.fromtimestamp(FRAME.captured)
    assert str(file.relative_to(tmp_path)) == f"lapse/{taken:%Y-%m-%d}/{taken:%H%M%S}.jpg"
    assert file.read_bytes() == JPEG


def test_mistakes_of_the_configuration_are_reported(
    command: Command, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert config.path
    config.path.write_text("[gateway]\nmax_viewers = 0\n[snapshot]\nstale_after = 0\n")

    assert command("front") == 2
    assert capsys.readouterr() == (
        "",
        f"{config.path}: gateway.max_viewers: found 0; allowed: a whole number from 1 to 100000\n"
        f"{config.path}: snapshot.stale_after: found 0; allowed: seconds, more than 0 and at most 86400\n",
    )


# write_whole


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """One that was opened before keeps the old content to its end: the new one is another file."""
    path = tmp_path / "front.jpg"
    path.write_bytes(b"the old one")
    with path.open("rb") as opened:
        write_atomically(path, JPEG)

        assert opened.read() == b"the old one"
    assert path.read_bytes() == JPEG
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_of_the_umask(umask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "front.jpg", JPEG)
    finally:
        left = os.umask(before)

    assert stat.S_IMODE((tmp_path / "front.jpg").stat().st_mode) == mode
    assert left == umask


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "front.jpg"
    path.write_bytes(b"the old one")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(JPEG) // 2, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_atomically(path, JPEG)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, JPEG)


def test_a_device_is_written_to(command: Command, serve: Serve, config: Config, tmp_path: Path) -> None:
    """As root, /dev/null would otherwise become a picture."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    answering(serve, config, STILL)

    assert command("front", "-o", "pipe") == 0
    assert os.read(reader, 65536) == JPEG
    assert path.is_fifo()
    os.close(reader)
