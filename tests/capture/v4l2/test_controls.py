"""The controls of the software webcam, as framebus speaks of them."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from capture.sources.v4l2 import V4l2Source
from framebus.config.size import Size
from framebus.protocol.controls import Control, ControlError, Value
from tests.capture.v4l2.shim import DEVICE, ShimCamera


@pytest.fixture
def controlled(camera: ShimCamera, tmp_path: Path) -> ShimCamera:
    """A camera with controls, which are kept as long as the test runs."""
    return camera.having(CONTROLS=tmp_path / "controls")


def after(*steps: dict[str, Value]) -> tuple[list[dict[str, Any]], list[str]]:
    """Set these, one after the other, in an open camera; returns its controls then, and what was refused."""
    source = V4l2Source(DEVICE, Size(64, 48), 15, 90)
    source.open()
    refused = []
    for values in steps:
        try:
            source.set_controls(values)
        except ControlError as error:
            refused.append(f"{error.code}: {error}")
    found = [json.loads(msgspec.json.encode(control)) for control in source.controls()]
    source.close()
    return found, refused


def named(found: list[dict[str, Any]]) -> dict[str, Control]:
    return {entry["name"]: msgspec.convert(entry, Control) for entry in found}


def test_names_that_all_cameras_share_are_framebus_own_and_others_the_drivers(controlled: ShimCamera) -> None:
    found, _ = controlled.run(after)
    assert [msgspec.convert(entry, Control) for entry in found] == [
        Control(name="brightness", type="int", value=0, default=0, min=-64, max=64, step=1),
        Control(name="contrast", type="int", value=30, default=30, min=0, max=95, step=5),
        Control(name="auto_white_balance", type="bool", value=True, default=True),
        Control(
            name="power_line_frequency",
            type="menu",
            value=1,
            default=1,
            menu={"0": "Disabled", "1": "50 Hz", "2": "60 Hz"},
        ),
        Control(name="auto_exposure", type="bool", value=True, default=True),
        Control(
            name="exposure_time",
            type="int",
            value=15700,
            default=15700,
            min=100,
            max=500000,
            step=100,
            unit="µs",
            inactive=True,
        ),
        Control(name="privacy", type="bool", value=False, default=False, read_only=True),
    ]


def test_what_is_set_is_set_in_the_camera(controlled: ShimCamera) -> None:
    found, refused = controlled.run(after, {"brightness": -3, "power_line_frequency": 2, "auto_white_balance": False})
    controls = named(found)
    assert refused == []
    assert controls["brightness"].value == -3
    assert controls["power_line_frequency"].value == 2
    assert controls["auto_white_balance"].value is False


def test_an_exposure_is_set_together_with_the_end_of_its_automatic(controlled: ShimCamera) -> None:
    controls = named(controlled.run(after, {"exposure_time": 20000, "auto_exposure": False})[0])
    assert (controls["exposure_time"].value, controls["exposure_time"].inactive) == (20000, False)
    assert controls["auto_exposure"].value is False
    controls = named(controlled.run(after, {"auto_exposure": True})[0])
    assert (controls["auto_exposure"].value, controls["exposure_time"].inactive) == (True, True)


def test_alone_it_is_refused_with_what_to_do(controlled: ShimCamera) -> None:
    found, refused = controlled.run(after, {"exposure_time": 20000})
    assert refused == [
        "inactive: exposure_time: has no effect while auto_exposure is on; set auto_exposure to false first"
    ]
    assert named(found)["exposure_time"].value == 15700


def test_where_one_is_refused_none_is_set(controlled: ShimCamera) -> None:
    found, refused = controlled.run(after, {"contrast": 60}, {"brightness": 5, "contrast": 90, "exposure_time": 20000})
    assert [reason.partition(":")[0] for reason in refused] == ["inactive"]
    assert (named(found)["brightness"].value, named(found)["contrast"].value) == (0, 60)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (13, "it cannot be set now"),
        (16, "another program uses it"),
        (34, "allowed: a whole number from -64 to 64"),
        (5, "Input/output error"),
    ],
)
def test_a_driver_that_refuses_is_quoted(controlled: ShimCamera, number: int, reason: str) -> None:
    _, refused = controlled.having(REFUSE=f"S_CTRL:{number}").run(after, {"brightness": 5})
    assert refused == [f"refused: brightness: the camera refuses 5: {reason}"]


def test_a_camera_without_controls_has_none(camera: ShimCamera) -> None:
    assert camera.run(after) == ([], [])
