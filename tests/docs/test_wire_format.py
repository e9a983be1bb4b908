"""docs/wire-format.md: its programs run, its headers are headers, and it leaves no key out."""

import inspect
import json
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import capture.camera_session
import capture.control_service
import capture.reader
import capture.retry_loop
import capture.server
import capture.v4l2.controls
import framebus.protocol.controls
import framebus.protocol.recorder
import recorder.recorder_service
import snapshot.clips
import snapshot.conversion
import snapshot.converters
import snapshot.server
import snapshot.still_service
from framebus.config.load import Config
from framebus.protocol import wire
from framebus.protocol.controls import MAX_CHOICES, MAX_CONTROLS, Control, ControlsHeader, ControlsRequest
from framebus.protocol.events import EventHeader
from framebus.protocol.recorder import RecorderHeader, RecorderRequest
from framebus.protocol.stills import ClipHeader, ClipRequest, SnapshotRequest
from framebus.protocol.viewers import MAX_WATCHING, CameraStats, ViewersHeader
from framebus.protocol.wire import ErrorHeader, FrameHeader, RecordedHeader, StatusHeader, WireError
from framebus.runtime.run_dir import MAX_IPC_PATH_BYTES
from framebus.transport.sockets import HEARTBEAT_IVL_MS, HEARTBEAT_TIMEOUT_MS
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS, Running, wait_until
from tests.programs import need

TEXT = (Path(__file__).parents[2] / "docs" / "wire-format.md").read_text()
RUN_DIR = "/run/user/1000/framebus"
ADDRESS = "127.0.0.1:8080"
HEADERS = {
    "The header of a frame": FrameHeader,
    "The header of a recorded frame": RecordedHeader,
    "The header of a status": StatusHeader,
    "The header of an event": EventHeader,
    "The header of an error": ErrorHeader,
    "The header of viewers": ViewersHeader,
    "The header of a clip": ClipHeader,
    "The header of controls": ControlsHeader,
    "The header of recorder": RecorderHeader,
}
REQUESTS = {
    "Asking for a still": SnapshotRequest,
    "Asking for a clip": ClipRequest,
    "Asking for controls": ControlsRequest,
    "Asking the recorder": RecorderRequest,
}

FRAMES, STILL = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.M | re.S)
(WEBSOCKET,) = re.findall(r"^```js\n(.*?)^```$", TEXT, flags=re.M | re.S)


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, flags=re.M | re.S)
    assert found, title
    return found[1]


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure('[camera.front]\nsource = "testcard"\nsize = "320x240"\nfps = 10\n')


def run_until(lines: int, command: list[str], tmp_path: Path) -> list[list[int]]:
    """Run a reader until it has printed so many frames; returns their figures."""
    reader = Running(*command, log=tmp_path / "reader.log")
    try:
        wait_until(
            lambda: len(re.findall(r"^\d.*\n", reader.log, flags=re.M)) >= lines or reader.process.poll() is not None,
            "frames are printed",
        )
        assert reader.process.poll() is None, reader.log
        return [[int(figure) for figure in line.split()] for line in re.findall(r"^\d.*$", reader.log, flags=re.M)]
    finally:
        reader.close()


def assert_frames(frames: list[list[int]]) -> None:
    seqs, widths, heights, sizes = zip(*frames[:5], strict=True)
    assert list(seqs) == sorted(set(seqs))
    assert (set(widths), set(heights)) == ({320}, {240})
    assert min(sizes) > 1000


# Its programs


def test_no_other_program_stands_in_it() -> None:
    assert set(re.findall(r"^```(\w+)$", TEXT, flags=re.M)) == {"python", "js", "json"}
    assert TEXT.count("```") == 2 * (2 + 1 + len(HEADERS))


def test_the_reader_in_python_reads_frames(config: Config, start: Start, tmp_path: Path) -> None:
    start("capture", "front", config=config)
    assert RUN_DIR in FRAMES
    script = FRAMES.replace(RUN_DIR, str(config.run_dir))

    assert_frames(run_until(5, [sys.executable, "-c", script], tmp_path))


def test_the_reader_in_javascript_reads_frames(config: Config, start: Start, tmp_path: Path) -> None:
    start("capture", "front", config=config)
    start("gateway", config=config).wait_for("listening on")
    assert ADDRESS in WEBSOCKET
    script = WEBSOCKET.replace(ADDRESS, str(config.gateway.listen))

    # Node 20 has WebSocket behind a flag, which later ones still take.
    command = [need("node"), "--experimental-websocket", "-e", script]
    assert_frames(run_until(5, command, tmp_path))


def take_still(config: Config, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    assert RUN_DIR in STILL
    script = STILL.replace(RUN_DIR, str(config.run_dir))
    return subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_SECONDS
    )


def test_the_still_is_taken(config: Config, start: Start, tmp_path: Path) -> None:
    start("snapshot", config=config).wait_for("answers at")

    early = take_still(config, tmp_path)
    assert (early.returncode, early.stderr) == (1, "camera front has not given a picture yet\n")
    assert not (tmp_path / "front.jpg").exists()

    start("capture", "front", config=config)
    wait_until(lambda: take_still(config, tmp_path).returncode == 0, "a still is taken")
    assert (tmp_path / "front.jpg").read_bytes().startswith(b"\xff\xd8")


# Its tables


@pytest.mark.parametrize(("title", "struct"), [*HEADERS.items(), *REQUESTS.items()])
def test_every_key_is_there_and_no_other(title: str, struct: type[FrameHeader]) -> None:
    table = section(title).split("| key | type | meaning |")[1].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.M) == list(struct.__struct_fields__)


def test_every_figure_of_a_worker_is_there_and_no_other() -> None:
    table = section("The header of viewers").split("| of a camera | type | meaning |")[1].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.M) == list(CameraStats.__struct_fields__)


def test_every_property_of_a_control_is_there_and_no_other() -> None:
    table = section("The header of controls").split("| of a control | type | meaning |")[1].split("\n\n")[0]

    assert re.findall(r"^\| `(\w+)` \|", table, flags=re.M) == list(Control.__struct_fields__)


@pytest.mark.parametrize(("title", "struct"), HEADERS.items())
def test_the_header_shown_is_one_and_has_every_key(title: str, struct: type[FrameHeader]) -> None:
    (shown,) = re.findall(r"^```json\n(.*)\n```$", section(title), flags=re.M)

    wire.decode(shown.encode(), struct)
    assert list(json.loads(shown)) == list(struct.__struct_fields__)


def test_only_the_keys_said_to_be_optional_may_be_left_out() -> None:
    (shown,) = re.findall(r"^```json\n(.*)\n```$", section("The header of a frame"), flags=re.M)
    whole = json.loads(shown)
    optional = set()
    for key in whole:
        try:
            wire.decode(json.dumps({name: whole[name] for name in whole if name != key}).encode(), FrameHeader)
        except WireError:
            continue
        optional.add(key)

    assert optional - {"v"} == {"orientation", "camera_metadata"}
    assert "`orientation` and `camera_metadata`, which may be left out" in TEXT


def test_every_kind_and_every_state_is_there() -> None:
    kinds = re.findall(r"^\| `(\w+)` \|", section("A message"), flags=re.M)

    assert sorted(kinds) == sorted(wire.KINDS)
    for state in typing.get_args(wire.State):
        assert f"`{state}`" in section("The header of a status")


def codes(title: str) -> set[str]:
    """The codes of an error that a section names."""
    return set(re.findall(r"^\| `([a-z-]+)` \|", section(title).split("| code |")[1], flags=re.M))


def test_every_code_of_the_snapshot_service_is_there_and_no_other() -> None:
    modules = (snapshot.still_service, snapshot.clips, snapshot.conversion, snapshot.converters)
    text = "".join(map(inspect.getsource, modules))
    used = set(re.findall(r'StillError\(\s*"([a-z-]+)"', text))

    assert len(used) > 5
    assert codes("Asking for a still") == used


def test_every_code_of_the_controls_is_there_and_no_other() -> None:
    modules = (
        framebus.protocol.controls,
        capture.camera_session,
        capture.control_service,
        capture.reader,
        capture.retry_loop,
        capture.v4l2.controls,
    )
    text = "".join(map(inspect.getsource, modules))
    used = set(re.findall(r'(?:ControlError|refusal)\(\s*"([a-z-]+)"', text))
    used |= set(re.findall(r'code = "([a-z-]+)" if .* else "([a-z-]+)"', text)[0])

    assert codes("Asking for controls") == used


def test_every_code_of_the_recorder_is_there_and_no_other() -> None:
    text = "".join(map(inspect.getsource, (framebus.protocol.recorder, recorder.recorder_service)))
    used = set(re.findall(r'RecorderError\(\s*"([a-z-]+)"', text))

    assert codes("Asking the recorder") == used


def test_the_limits_are_those_of_the_code() -> None:
    limits = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section("Limits"), flags=re.M))

    assert limits["a message"] == f"{wire.MAX_MESSAGE_BYTES // 2**20} MiB"
    assert (
        limits["a request to the snapshot service, to the recorder, or for controls"]
        == f"{wire.MAX_REQUEST_BYTES // 2**10} KiB"
    )
    assert limits["the path of an ipc socket"].startswith(f"{MAX_IPC_PATH_BYTES} bytes")
    assert wire.CAMERA_ALLOWED in TEXT.replace("`", "")


def test_the_bounds_are_those_of_the_code() -> None:
    bounds = dict(re.findall(r"^\| (.+?) \| (.+?) \|$", section("Limits"), flags=re.M))

    assert bounds["a header"] == f"{wire.MAX_HEADER_BYTES} bytes"
    assert bounds["`captured`, `since`, `at`"].startswith(f"0 to {wire.MAX_UNIX_SECONDS},")
    most = wire.MAX_MONOTONIC_SECONDS
    assert bounds["`monotonic`, `published`"] == f"-{most} to {most}"
    (counts,) = (bounds[key] for key in bounds if "`dropped`" in key)
    assert counts == f"at most {wire.MAX_COUNT}"
    assert bounds["`width`, `height`"] == f"at most {wire.MAX_PIXELS}"
    assert bounds["`pid`"] == f"at most {wire.MAX_PID}"
    assert bounds["`fps`"] == f"0 to {wire.MAX_FPS}"
    assert bounds["`epoch`, the `id` of a clip or an event"].startswith(f"at most {wire.MAX_EPOCH_LENGTH} of")
    assert bounds["`reason`, `source`, `message`"] == f"{wire.MAX_TEXT_LENGTH} characters"
    assert bounds["the name of a control, its `unit`, its choices"] == f"{wire.MAX_NAME_LENGTH} characters"
    assert bounds["`controls`, and the choices of one"] == f"{MAX_CONTROLS} each"
    assert MAX_CHOICES == MAX_CONTROLS
    assert bounds["`cameras` of a `viewers`"] == str(wire.MAX_CAMERAS)
    assert bounds["`watching` of a `viewers`"] == str(MAX_WATCHING)
    assert bounds["`camera_metadata`"].startswith(
        f"{wire.MAX_METADATA_VALUES} values, nested {wire.MAX_METADATA_DEPTH} deep at most"
    )


def test_the_parts_before_a_request_are_those_of_the_code() -> None:
    """One of those that the services count is the routing id, which the ROUTER socket adds."""
    (parts,) = re.findall(r"up to (\d+) parts before it", TEXT)

    assert int(parts) + 1 == wire.MAX_ENVELOPE_PARTS


def test_the_heartbeats_are_those_of_the_code() -> None:
    assert f"`HEARTBEAT_IVL` {HEARTBEAT_IVL_MS} ms, `HEARTBEAT_TIMEOUT` {HEARTBEAT_TIMEOUT_MS} ms" in TEXT
    assert f"within {(HEARTBEAT_IVL_MS + HEARTBEAT_TIMEOUT_MS) // 1000} s" in TEXT
