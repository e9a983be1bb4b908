import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import framebus
from framebus import Subscriber, request_snapshot
from tests.conftest import TESTCARD, Configure, Start
from tests.e2e.conftest import Pipeline, Up
from tests.ports import free_ports
from tests.processes import Running, wait_until
from tests.programs import need


def test_it_says_where_the_page_is_once_there_is_something_to_see(pipeline: Pipeline) -> None:
    pipeline.up.wait_for(f"camera front is there: open {pipeline.url}/")
    with urllib.request.urlopen(pipeline.url, timeout=5) as answer:
        assert b"<title>" in answer.read()


def test_programs_get_frames_and_stills(pipeline: Pipeline) -> None:
    with Subscriber("front", config=pipeline.config.path, timeout=10) as subscriber:
        first, second = subscriber.receive(), subscriber.receive()
    assert second.seq > first.seq
    still = request_snapshot("front", config=pipeline.config.path)
    assert still.jpeg.startswith(b"\xff\xd8")
    assert still.epoch == first.epoch


def test_every_process_runs_in_development_mode(up: Up) -> None:
    (port,) = free_ports(1)
    tables = f'{TESTCARD}publish = "tcp://127.0.0.1:{port}"\n'
    pipeline = up(tables, environment={"PYTHONDEVMODE": "1"})
    with Subscriber("front", endpoint=f"tcp://127.0.0.1:{port}", timeout=10) as subscriber:
        assert subscriber.receive().jpeg.startswith(b"\xff\xd8")
    assert "Traceback" not in pipeline.up.log


def test_another_programs_module_on_python_path_does_not_run(up: Up, tmp_path: Path) -> None:
    for name in ("capture", "gateway", "snapshot"):
        (tmp_path / f"{name}.py").write_text(f'print("stranger {name}")\n')
    ours = Path(framebus.__file__).parents[1]
    pipeline = up(environment={"PYTHONPATH": f"{tmp_path}:{ours}"})
    assert set(pipeline.processes()) == {"supervisord", "capture front", "gateway", "snapshot"}
    assert f"{tmp_path} in PYTHONPATH is left out: its module capture would run" in pipeline.up.log
    assert "stranger" not in pipeline.up.log


def test_sigterm_leaves_nothing_alive(pipeline: Pipeline) -> None:
    assert len(pipeline.processes()) == 4
    assert pipeline.up.terminate() == 0
    assert pipeline.processes() == {}
    assert "Traceback" not in pipeline.up.log


def test_ctrl_c_leaves_nothing_alive(pipeline: Pipeline) -> None:
    pipeline.up.process.send_signal(2)
    assert pipeline.up.ended() == 0
    assert pipeline.processes() == {}


def test_a_supervisord_that_is_killed_takes_its_processes_along(pipeline: Pipeline) -> None:
    pipeline.kill("supervisord")
    wait_until(pipeline.is_gone, "the end of all processes")


def test_it_starts_again_after_that(up: Up) -> None:
    for _ in range(2):
        pipeline = up()
        pipeline.kill("supervisord")
        wait_until(pipeline.is_gone, "the end of all processes")


@pytest.mark.parametrize("name", ["capture front", "gateway", "snapshot"])
def test_each_process_that_is_killed_comes_back(pipeline: Pipeline, name: str) -> None:
    killed = pipeline.kill(name)
    wait_until(lambda: pipeline.processes().get(name, killed) != killed, f"another {name}")
    pipeline.wait_until_whole()
    assert "Traceback" not in pipeline.up.log


def test_a_subscriber_goes_on_when_capture_is_killed(pipeline: Pipeline) -> None:
    with Subscriber("front", config=pipeline.config.path, timeout=15) as subscriber:
        before = subscriber.receive()
        pipeline.kill("capture front")
        while (frame := subscriber.receive()).epoch == before.epoch:
            pass
    assert frame.seq < 1000


def test_every_camera_of_the_configuration_gets_its_process(up: Up) -> None:
    pipeline = up(
        '[camera.front]\nsource = "testcard"\nsize = "64x48"\n[camera.back-door]\nsource = "testcard"\nsize = "96x64"\n'
    )
    assert {"capture front", "capture back-door"} <= set(pipeline.processes())
    assert [(camera["name"], camera["width"]) for camera in pipeline.cameras()] == [("front", 64), ("back-door", 96)]


def test_a_second_one_is_refused(pipeline: Pipeline, start: Start) -> None:
    second = start("framebus", "up", config=pipeline.config)
    assert second.ended() == 1
    assert second.log == (
        f"framebus runs already with run_dir {pipeline.config.run_dir}; stop that one first, or name another run_dir\n"
    )
    pipeline.wait_until_whole()


def test_mistakes_in_the_configuration_stop_it_at_once(configure: Configure, start: Start) -> None:
    config = configure()
    assert config.path is not None
    config.path.write_text(
        'run_dir = "/tmp"\n[camera.front]\nfps = "fast"\nqualty = 3\n[gateway]\nlisten = "0.0.0.0:80"\n'
    )
    up = start("framebus", "up", config=config)
    assert up.ended() == 2
    assert [line.split(": ")[1] for line in up.log.splitlines()] == [
        "camera.front.fps",
        "camera.front.qualty",
        "gateway.listen",
    ]


def test_a_file_that_is_not_there_is_named(run_dir: str, start: Start) -> None:
    up = start("framebus", "up", "--config", f"{run_dir}/none.toml")
    assert up.ended() == 2
    assert up.log == f"{run_dir}/none.toml: No such file or directory; allowed: a file that can be read\n"


def test_a_port_in_use_is_said_and_tried_again(configure: Configure, start: Start) -> None:
    config = configure()
    address = (config.gateway.listen.host, config.gateway.listen.port)
    with socket.create_server(address):
        up = start("framebus", "up", config=config)
        up.wait_for(f"cannot listen on {config.gateway.listen}: address already in use by ")
    Pipeline(config, up).wait_until_whole()
    assert "Traceback" not in up.log


def test_modules_beside_the_configuration_are_not_run(configure: Configure, tmp_path: Path) -> None:
    """`framebus up` is often started where the configuration is, and sometimes as root."""
    config = configure()
    marks = tmp_path / "marks"
    marks.mkdir()
    for name in ("capture", "gateway", "snapshot", "supervisor", "calendar", "zmq", "tornado", "msgspec", "PIL"):
        stranger = f"import pathlib\npathlib.Path({str(marks)!r}, {name!r}).touch()\nraise SystemExit(9)\n"
        (config.run_dir / f"{name}.py").write_text(stranger)
    python_path = f":{Path(framebus.__file__).parents[1]}"  # the empty entry is the current folder
    with (tmp_path / "log").open("w") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "framebus", "up"],
            cwd=config.run_dir,
            env={**os.environ, "PYTHONPATH": python_path, "PYTHONSAFEPATH": ""},
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: "open http://" in (tmp_path / "log").read_text(), "pictures")
    finally:
        up.terminate()
        up.wait(15)
    assert list(marks.iterdir()) == []


@pytest.mark.parametrize("name", ["capture front", "gateway", "snapshot"])
def test_an_unfinished_edit_does_not_reach_a_process_that_starts_again(pipeline: Pipeline, name: str) -> None:
    assert pipeline.config.path is not None
    before = pipeline.cameras()
    text = pipeline.config.path.read_text()
    pipeline.config.path.write_text(
        text.replace("[camera.front]", "[camera.renamed]").replace("320x240", "64x48") + "x ="
    )
    killed = pipeline.kill(name)
    wait_until(lambda: pipeline.processes().get(name, killed) != killed, f"another {name}")
    pipeline.wait_until_whole()

    after = pipeline.cameras()
    assert [(camera["name"], camera["width"]) for camera in after] == [
        (camera["name"], camera["width"]) for camera in before
    ]


def test_a_process_that_keeps_crashing_waits_longer_each_time(pipeline: Pipeline) -> None:
    for crashes in range(1, 4):
        killed = pipeline.kill("snapshot")
        wait_until(lambda killed=killed: pipeline.processes().get("snapshot", killed) != killed, "another snapshot")  # type: ignore[misc]
        pipeline.up.wait_for("snapshot: answers at", crashes + 1)
    assert "snapshot: 2 crashes in a row, each within 60 s of its start; it starts again in 1 s" in pipeline.up.log
    assert "snapshot: 3 crashes in a row, each within 60 s of its start; it starts again in 2 s" in pipeline.up.log


def test_a_user_without_a_name_can_run_it(configure: Configure, tmp_path: Path) -> None:
    """As in containers, whose user is often only a number."""
    config = configure()
    command = (need("unshare"), "--user", "--map-user=3000000", sys.executable, "-P", "-m", "framebus", "up")
    up = Running(
        *command, "--config", str(config.path), log=tmp_path / "log", environment={"HOME": str(tmp_path / "none")}
    )
    try:
        up.wait_for("open http://")
        assert up.terminate() == 0
    finally:
        up.close()


def test_its_output_may_be_a_socket(configure: Configure) -> None:
    """As it is under systemd, where Linux does not let supervisord open /dev/fd/1."""
    config = configure()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "framebus", "up", "--config", str(config.path)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs.fileno(), stderr=theirs.fileno()) as up:
            theirs.close()
            ours.settimeout(15)
            output = b""
            while b"open http://" not in output:
                received = ours.recv(4096)
                assert received, output
                output += received
            up.terminate()
            assert up.wait(15) == 0


def test_output_in_a_file_is_complete(pipeline: Pipeline) -> None:
    pipeline.up.terminate()
    lines = [line for line in pipeline.up.log.splitlines() if not line.startswith("framebus ")]  # its greeting
    for line in lines:
        assert line.startswith("20"), pipeline.up.log
