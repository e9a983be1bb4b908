"""The controls as the owner of a camera serves them."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.control_service import ControlService, file_of
from capture.source import SourceError
from framebus.client.controls import parse_reply
from framebus.protocol.controls import ControlError, Value
from tests.capture.controlled_source import ControlledSource


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return file_of(tmp_path / "state", "front")


@pytest.fixture
def source() -> ControlledSource:
    return ControlledSource()


def asked(control_service: ControlService, source: ControlledSource, **request: Any) -> dict[str, Value | None]:
    """The values after a request. Raises ControlError as an asker gets it."""
    reply = control_service.answer(json.dumps(request).encode(), source)
    return {control.name: control.value for control in parse_reply(reply)}


AT_FIRST = {"brightness": 0, "auto_exposure": True, "gain": 1.0, "lux": 5.0}


def test_the_controls_are_listed(file: Path, source: ControlledSource) -> None:
    assert asked(ControlService("front", {}, file), source) == AT_FIRST
    assert source.told == []
    assert not file.exists()


def test_what_is_set_is_in_the_reply_and_kept(file: Path, source: ControlledSource) -> None:
    control_service = ControlService("front", {}, file)
    assert asked(control_service, source, set={"brightness": 3})["brightness"] == 3
    assert json.loads(file.read_bytes()) == {"brightness": 3}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    asked(control_service, source, set={"auto_exposure": False, "gain": 2})
    assert json.loads(file.read_bytes()) == {"brightness": 3, "auto_exposure": False, "gain": 2.0}


def test_where_one_will_not_do_none_is_set(file: Path, source: ControlledSource) -> None:
    control_service = ControlService("front", {}, file)
    for values, code in (
        ({"brightness": 3, "gain": 100}, "out-of-range"),
        ({"brightness": 3, "gian": 1}, "unknown-control"),
        ({"brightness": 3, "lux": 1}, "read-only"),
        ({"brightness": "dark"}, "wrong-type"),
    ):
        with pytest.raises(ControlError) as refused:
            asked(control_service, source, set=values)
        assert refused.value.code == code
    assert source.told == []
    assert not file.exists()


def test_it_is_set_again_at_each_opening_the_automatics_first(file: Path, source: ControlledSource) -> None:
    asked(ControlService("front", {}, file), source, set={"gain": 2, "auto_exposure": False, "brightness": 3})
    again = ControlledSource()
    ControlService("front", {"brightness": -1}, file).restore(again)
    assert again.told == [{"auto_exposure": False}, {"brightness": 3}, {"gain": 2.0}]


def test_what_the_configuration_says_stands_below_what_was_set(file: Path, source: ControlledSource) -> None:
    control_service = ControlService("front", {"brightness": 5, "gain": 4.0}, file)
    control_service.restore(source)
    assert source.values == {**AT_FIRST, "brightness": 5}, "gain has no effect while its automatic is on"
    asked(control_service, source, set={"brightness": 1})
    assert asked(control_service, source, reset=["brightness"])["brightness"] == 5


def test_a_reset_sets_back_and_forgets(file: Path, source: ControlledSource) -> None:
    control_service = ControlService("front", {}, file)
    asked(control_service, source, set={"brightness": 3, "auto_exposure": False, "gain": 2})
    assert asked(control_service, source, reset=["brightness"]) == {**AT_FIRST, "auto_exposure": False, "gain": 2.0}
    assert json.loads(file.read_bytes()) == {"auto_exposure": False, "gain": 2.0}
    asked(control_service, source, reset="all")
    assert source.values["auto_exposure"] is True
    assert json.loads(file.read_bytes()) == {}


def test_first_is_reset_and_then_set(file: Path, source: ControlledSource) -> None:
    control_service = ControlService("front", {}, file)
    asked(control_service, source, set={"brightness": 3})
    assert asked(control_service, source, reset="all", set={"brightness": 1})["brightness"] == 1
    assert json.loads(file.read_bytes()) == {"brightness": 1}


@pytest.mark.parametrize(("names", "code"), [(["gian"], "unknown-control"), (["lux"], "read-only")])
def test_what_cannot_be_reset_is_refused(names: list[str], code: str, file: Path, source: ControlledSource) -> None:
    with pytest.raises(ControlError) as refused:
        asked(ControlService("front", {}, file), source, reset=names)
    assert refused.value.code == code


def test_another_camera_takes_what_it_has_and_the_rest_is_said_once(
    file: Path, source: ControlledSource, caplog: pytest.LogCaptureFixture
) -> None:
    control_service = ControlService("front", {"zoom": 3, "brightness": 4, "gain": 100}, file)
    for _ in range(3):
        control_service.restore(source)
    assert source.values["brightness"] == 4
    allowed = "allowed: brightness, auto_exposure, gain, lux"
    assert caplog.messages == [
        f'camera front: a control stays as it is: "zoom": no such control; {allowed}',
        "camera front: a control stays as it is: gain: found 100; allowed: a number from 1 to 8",
    ]


def test_a_control_that_the_camera_refuses_does_not_keep_the_others_from_it(
    file: Path, source: ControlledSource, caplog: pytest.LogCaptureFixture
) -> None:
    source.refusing = {"auto_exposure"}
    ControlService("front", {"auto_exposure": False, "brightness": 2}, file).restore(source)
    assert source.values["brightness"] == 2
    assert caplog.messages == ["camera front: a control stays as it is: auto_exposure: the camera refuses it"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"brightness":{}}', b"\xff"])
def test_a_file_that_cannot_be_read_is_said_and_passed_over(
    content: bytes, file: Path, source: ControlledSource, caplog: pytest.LogCaptureFixture
) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    control_service = ControlService("front", {}, file)
    (said,) = caplog.messages
    assert said.startswith(f"camera front: the controls kept in {file} cannot be read: ")
    assert asked(control_service, source, set={"brightness": 3})["brightness"] == 3


def test_where_nothing_can_be_kept_it_is_set_all_the_same(
    tmp_path: Path, source: ControlledSource, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file in the way")
    file = file_of(tmp_path / "state", "front")
    assert asked(ControlService("front", {}, file), source, set={"brightness": 3})["brightness"] == 3
    assert caplog.messages[-1] == f"camera front: its controls cannot be kept in {file}: File exists"


def test_a_camera_that_is_gone_is_the_callers_affair(file: Path, source: ControlledSource) -> None:
    source.is_gone = True
    with pytest.raises(SourceError):
        ControlService("front", {}, file).answer(b"{}", source)


@given(st.binary(max_size=300))
def test_any_bytes_are_answered(request: bytes) -> None:
    reply = ControlService("front", {}, Path("/nowhere/front.controls.json")).answer(request, ControlledSource())
    try:
        parse_reply(reply)
    except ControlError as refused:
        assert refused.code == "bad-request"  # noqa: PT017  (any bytes may also be a request)


def test_a_request_that_is_too_large_is_refused(file: Path, source: ControlledSource) -> None:
    with pytest.raises(ControlError, match=r"^request of 70000 bytes, allowed: at most 65536$"):
        parse_reply(ControlService("front", {}, file).answer(b" " * 70_000, source))
