"""`framebus open` and `framebus close` on a running framebus."""

import subprocess
import sys
import tomllib
import urllib.error
from pathlib import Path

from framebus.config.load import load
from tests.conftest import Configure
from tests.e2e.conftest import Pipeline
from tests.processes import wait_until


def framebus(config: Path | None, *words: str, password: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "framebus", *words, "--config", str(config)]
    return subprocess.run(command, input=password, capture_output=True, text=True, timeout=60)


def answer(pipeline: Pipeline) -> int:
    """The status of a request without a login; 0 while nothing answers."""
    try:
        pipeline.get("/api/cameras")
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
    return 200


def test_a_running_framebus_is_opened_and_closed(pipeline: Pipeline) -> None:
    path, port = pipeline.config.path, pipeline.config.gateway.listen.port
    assert path is not None
    path.write_text(f"# my cameras\n{path.read_text()}")
    before = path.read_text()
    mode = path.stat().st_mode
    others = {name: pid for name, pid in pipeline.processes().items() if name != "gateway"}

    opened = framebus(path, "open", "anna", "--no-announce", password="correct horse\n")

    assert opened.returncode == 0, opened.stderr
    assert opened.stdout.splitlines()[:3] == [
        f"anna can log in; {pipeline.config.secrets} holds a hash of the password",
        f'{path}: listen = "0.0.0.0:{port}" in [gateway]',
        "gateway restarts, as [gateway] was changed",
    ]
    assert "\nOpen http://" in opened.stdout
    assert path.read_text() == before.replace("127.0.0.1", "0.0.0.0")
    assert path.stat().st_mode == mode
    wait_until(lambda: answer(pipeline) == 401, "an answer that asks for a login")
    assert {name: pid for name, pid in pipeline.processes().items() if name != "gateway"} == others

    again = framebus(path, "open", "--no-announce")
    assert again.stdout.splitlines()[:2] == ["users: anna", f"{path}: the gateway listens on 0.0.0.0:{port} already"]
    taken = framebus(path, "open", "anna", password="another one\n")
    assert (taken.returncode, taken.stderr.splitlines()[-1]) == (
        2,
        "there is a user anna already; to change the password, run: framebus passwd anna",
    )

    shut = framebus(path, "close")
    assert shut.returncode == 0, shut.stderr
    assert load(path).gateway.listen.is_loopback
    assert path.read_text() == before
    wait_until(lambda: answer(pipeline) == 401, "the gateway on this machine")


def test_nothing_changes_without_a_user_or_a_password(configure: Configure) -> None:
    config = configure()
    assert config.path is not None
    before = config.path.read_text()
    for words, status, said in (
        ((), 2, "name a user, who logs in with a password: framebus open NAME"),
        (("anna",), 2, "a password of 0 characters; allowed: "),
        (("a b",), 2, "name 'a b'; allowed: "),
        (("anna", "--listen", "8080"), 2, "--listen: found '8080'; allowed: HOST:PORT with a port"),
    ):
        done = framebus(config.path, "open", *words)
        assert done.returncode == status
        assert done.stderr.splitlines()[-1].startswith(said)
    assert config.path.read_text() == before
    assert not config.secrets.exists()


def test_a_framebus_that_does_not_run_is_opened_for_its_next_start(configure: Configure) -> None:
    config = configure()
    done = framebus(config.path, "open", "anna", "--no-announce", password="correct horse\n")
    assert "framebus does not run; start it with: framebus up" in done.stdout
    assert config.path is not None
    assert tomllib.loads(config.path.read_text())["gateway"]["listen"].startswith("0.0.0.0:")
