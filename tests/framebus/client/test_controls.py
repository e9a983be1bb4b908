"""Asking a capture for its controls, from a capture that answers as the test says."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from framebus.client.controls import encode, parse_reply, request_controls, request_of
from framebus.config.load import ConfigError
from framebus.errors import ArgumentError, ReplyTimeoutError
from framebus.protocol.controls import Control, ControlError, ControlsHeader, ControlsRequest
from framebus.protocol.wire import ErrorHeader, WireError, pack
from tests.conftest import TESTCARD, Configure
from tests.framebus.conftest import Serve
from tests.framebus.golden.make import FRAME, JPEG

GAIN = Control(name="gain", type="float", value=2.0, min=1, max=8)
LIST = pack("controls", "front", ControlsHeader(v=1, camera="front", controls=[GAIN]))


@pytest.fixture
def endpoint(run_dir: Path) -> str:
    return f"ipc://{run_dir}/front.control"


def refusal(code: str, message: str, camera: str = "front") -> bytes:
    """An error/ message of capture."""
    return pack("error", camera, ErrorHeader(v=1, code=code, message=message))


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ({}, {"v": 1, "set": {}, "reset": []}),
        ({"set": {"gain": 2, "AwbMode": "Indoor"}}, {"v": 1, "set": {"gain": 2, "AwbMode": "Indoor"}, "reset": []}),
        ({"reset": ["gain"]}, {"v": 1, "set": {}, "reset": ["gain"]}),
        ({"reset": ("gain", "hue")}, {"v": 1, "set": {}, "reset": ["gain", "hue"]}),
        ({"reset": []}, {"v": 1, "set": {}, "reset": []}),
        ({"reset": "all", "set": {"gain": 1.5}}, {"v": 1, "set": {"gain": 1.5}, "reset": "all"}),
        ({"request": ControlsRequest(reset="all")}, {"v": 1, "set": {}, "reset": "all"}),
    ],
)
def test_a_request_is_sent_and_the_controls_come_back(
    arguments: dict[str, Any], sent: dict[str, Any], endpoint: str, serve: Serve
) -> None:
    service = serve(endpoint, lambda request: LIST)

    assert request_controls("front", endpoint=endpoint, **arguments) == [GAIN]
    assert [json.loads(part) for request in service.requests for part in request] == [sent]


def test_the_configuration_names_the_control_socket(configure: Configure, serve: Serve) -> None:
    config = configure()
    serve(f"ipc://{config.run_dir}/front.control", lambda request: LIST)

    assert request_controls("front", config=config.path) == [GAIN]


def test_a_refusal_is_raised_with_its_code(endpoint: str, serve: Serve) -> None:
    serve(endpoint, lambda request: refusal("busy", "the camera is starting"))

    with pytest.raises(ControlError, match=r"\Athe camera is starting\Z") as caught:
        request_controls("front", endpoint=endpoint)
    assert caught.value.code == "busy"


def test_no_answer_is_a_timeout_with_its_reason(endpoint: str) -> None:
    path = endpoint.removeprefix("ipc://")

    with pytest.raises(ReplyTimeoutError) as caught:
        request_controls("front", timeout=0, endpoint=endpoint)
    assert str(caught.value) == (
        f"no answer from camera front at {endpoint} within 0 s: {path} does not exist; its process is not running"
    )


@pytest.mark.parametrize("beside", [{"set": {}}, {"set": {"gain": 1}}, {"reset": []}, {"reset": "all"}])
def test_a_request_beside_set_or_reset_is_refused(beside: dict[str, Any], endpoint: str) -> None:
    with pytest.raises(ArgumentError, match=r"\Arequest: allowed without set and reset\Z"):
        request_controls("front", ControlsRequest(), endpoint=endpoint, **beside)


@pytest.mark.parametrize("reset", ["gain", "", "ALL"])
def test_a_single_name_to_reset_is_refused_instead_of_taken_letter_by_letter(reset: str, endpoint: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        request_controls("front", reset=reset, endpoint=endpoint)
    assert str(caught.value) == f"reset {reset!r}: allowed are a list of names, or 'all'"


@pytest.mark.parametrize("timeout", [None, math.nan, "5"])
def test_a_timeout_that_is_not_a_number_is_refused(timeout: Any, endpoint: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        request_controls("front", timeout=timeout, endpoint=endpoint)
    assert str(caught.value) == f"timeout {timeout!r}: allowed are seconds"


def test_an_invalid_camera_name_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"\Acamera 'Front': allowed are "):
        request_controls("Front", endpoint="ipc:///nowhere")


def test_a_camera_that_the_configuration_lacks_is_refused(configure: Configure) -> None:
    with pytest.raises(ConfigError, match="there is no camera back; there is front"):
        request_controls("back", config=configure().path)


def test_controls_of_another_machine_have_to_be_connected(configure: Configure, free_port: int) -> None:
    config = configure(f'{TESTCARD}[camera.far]\nconnect = "tcp://127.0.0.1:{free_port}"\n')

    with pytest.raises(ControlError) as caught:
        request_controls("far", config=config.path)
    assert caught.value.code == "not-connected"
    assert str(caught.value) == (
        "camera far is on another machine, and its controls are not connected; "
        "set connect_control in [camera.far], and control there"
    )


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (b"", "message with 0 line ends, expected 2 or more: ''"),
        (pack("snapshot", "front", FRAME, JPEG), "reply of kind snapshot, expected controls or error"),
        (b"controls/front\n{}\n", "ControlsHeader: Object missing required field `v`"),
        (b"error/front\n{}\n", "ErrorHeader: Object missing required field `v`"),
        (LIST.replace(b'"camera":"front"', b'"camera":"back"'), "header of camera back in a message for camera front"),
    ],
)
def test_any_other_reply_is_a_wire_error(reply: bytes, text: str) -> None:
    with pytest.raises(WireError) as caught:
        parse_reply(reply)
    assert str(caught.value) == text


def test_a_refusal_may_name_no_camera() -> None:
    with pytest.raises(ControlError, match="not JSON"):
        parse_reply(refusal("bad-request", "not JSON", camera=""))


@pytest.mark.parametrize(("reset", "sent"), [(None, []), ([], "all"), (["gain"], ["gain"])])
def test_an_empty_list_of_names_resets_all(reset: list[str] | None, sent: list[str] | str) -> None:
    assert request_of({"gain": 1}, reset) == ControlsRequest(set={"gain": 1}, reset=sent)  # type: ignore[arg-type]


def test_a_request_is_one_line_of_json() -> None:
    assert encode(ControlsRequest(set={"gain": 2})) == b'{"v":1,"set":{"gain":2},"reset":[]}'
