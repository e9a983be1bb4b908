"""A Pi camera's controls bear the common names, have libcamera's ranges, and come back in the types it insists on."""

from typing import Any

import pytest

from capture.picamera2.controls import Advertised, CameraControls
from framebus.protocol.controls import Control, Value

PI = {
    "AeEnable": Advertised("Bool", None, False, True, True),
    "AeMeteringMode": Advertised("Integer32", None, 0, 3, 0, {0: "CentreWeighted", 1: "Spot"}),
    "AfMode": Advertised("Integer32", None, 0, 2, 0, {0: "Manual", 1: "Auto", 2: "Continuous"}),
    "AfTrigger": Advertised("Integer32", None, 0, 1, 0),
    "AfWindows": Advertised("Rectangle", 0, (0, 0, 0, 0), (0, 0, 4608, 2592)),
    "AnalogueGain": Advertised("Float", None, 1.0, 16.0, 1.0),
    "AwbEnable": Advertised("Bool", None, False, True),
    "Brightness": Advertised("Float", None, -1.0, 1.0, 0.0),
    "ColourGains": Advertised("Float", 2, 0.0, 32.0),
    "ColourTemperature": Advertised("Integer32", None, 100, 100_000),
    "ExposureTime": Advertised("Integer32", None, 0, 66_666, 20_000),
    "ExposureValue": Advertised("Float", None, -8.0, 8.0, 0.0),
    "FrameDurationLimits": Advertised("Integer64", 2, 16_666, 11_767_556, 33_333),
    "LensPosition": Advertised("Float", None, 0.0, 32.0, 1.0),
    "NoiseReductionMode": Advertised("Integer32", None, 0, 4, 0, {0: "Off", 1: "Fast"}),
    "ScalerCrop": Advertised("Rectangle", None, (0, 0, 64, 64), (0, 0, 4608, 2592), (576, 0, 3456, 2592)),
    "Vendor": Advertised("String"),
}
BEGAN_WITH = {"AfMode": 2, "NoiseReductionMode": 1}


@pytest.fixture
def camera() -> CameraControls:
    return CameraControls(PI, 100, BEGAN_WITH)


def one(camera: CameraControls, name: str, **metadata: Any) -> Control:
    return next(control for control in camera.controls(metadata) if control.name == name)


def test_the_common_names_come_first_and_what_cannot_be_said_is_left_out(camera: CameraControls) -> None:
    assert [control.name for control in camera.controls({})] == [
        "brightness",
        "auto_exposure",
        "exposure_time",
        "gain",
        "exposure_compensation",
        "auto_white_balance",
        "colour_temperature",
        "auto_focus",
        "focus",
        "AeMeteringMode",
        "ColourGains",
        "NoiseReductionMode",
        "ScalerCrop",
    ]


@pytest.mark.parametrize(
    "control",
    [
        Control(name="brightness", type="float", value=0.0, default=0.0, min=-1, max=1),
        Control(name="auto_exposure", type="bool", value=True, default=True),
        # No longer than the frame's period.
        Control(
            name="exposure_time", type="int", value=10_000, default=10_000, min=1, max=10_000, unit="µs", inactive=True
        ),
        Control(name="exposure_compensation", type="float", value=0.0, default=0.0, min=-8, max=8, unit="EV"),
        Control(name="auto_white_balance", type="bool", value=True, default=True),
        Control(name="auto_focus", type="bool", value=True, default=True),
        Control(name="colour_temperature", type="int", min=100, max=100_000, unit="K", inactive=True),
        Control(name="ColourGains", type="list", min=0, max=32, length=2, inactive=True),
        Control(name="AeMeteringMode", type="menu", value=0, default=0, menu={"0": "CentreWeighted", "1": "Spot"}),
        # As the camera was started.
        Control(name="NoiseReductionMode", type="menu", value=1, default=1, menu={"0": "Off", "1": "Fast"}),
        Control(
            name="ScalerCrop",
            type="list",
            value=[576.0, 0.0, 3456.0, 2592.0],
            default=[576.0, 0.0, 3456.0, 2592.0],
            min=0,
            max=4608,
            length=4,
        ),
    ],
    ids=lambda control: control.name,
)
def test_what_a_control_says_of_itself(camera: CameraControls, control: Control) -> None:
    assert one(camera, control.name) == control


@pytest.mark.parametrize("name", [control.name for control in CameraControls(PI, 100, BEGAN_WITH).controls({})])
def test_every_default_is_allowed(camera: CameraControls, name: str) -> None:
    control = one(camera, name)
    assert control.default is None or control.check(control.default) == control.default


def test_a_value_is_what_was_set_else_what_the_camera_says_else_the_default(camera: CameraControls) -> None:
    assert one(camera, "ScalerCrop", ScalerCrop=(1, 2, 3, 4)).value == [1.0, 2.0, 3.0, 4.0]
    camera.to_set({"ScalerCrop": [5.0, 6.0, 7.0, 8.0], "auto_focus": False})
    assert one(camera, "ScalerCrop", ScalerCrop=(1, 2, 3, 4)).value == [5.0, 6.0, 7.0, 8.0]
    assert one(camera, "auto_focus").value is False


def test_what_the_camera_sets_itself_is_told_as_it_is_and_inactive(camera: CameraControls) -> None:
    camera.to_set({"exposure_time": 5000})
    control = one(camera, "exposure_time", ExposureTime=8000)
    assert (control.value, control.inactive) == (8000, True)
    camera.to_set({"auto_exposure": False})
    control = one(camera, "exposure_time", ExposureTime=8000)
    assert (control.value, control.inactive) == (5000, False)
    assert one(camera, "exposure_compensation").inactive
    assert one(camera, "AeMeteringMode").inactive


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        ([{"brightness": 1.0}], [{"Brightness": 1.0}]),
        ([{"NoiseReductionMode": 0}], [{"NoiseReductionMode": 0}]),
        ([{"ScalerCrop": [1.0, 2.0, 3.0, 4.0]}], [{"ScalerCrop": (1, 2, 3, 4)}]),
        ([{"auto_focus": False, "focus": 2.0}], [{"AfMode": 0, "LensPosition": 2.0}]),
        ([{"focus": 2.0}, {"auto_focus": False}], [{}, {"AfMode": 0, "LensPosition": 2.0}]),
        ([{"auto_focus": True}], [{"AfMode": 2}]),
        (
            [{"exposure_time": 500, "gain": 2.0, "auto_exposure": False}],
            [{"AeEnable": False, "ExposureTime": 500, "AnalogueGain": 2.0}],
        ),
        (
            [{"auto_exposure": False}, {"exposure_time": 500}, {"auto_exposure": True}],
            [{"AeEnable": False}, {"ExposureTime": 500}, {"AeEnable": True, "ExposureTime": 0, "AnalogueGain": 0.0}],
        ),
        (
            [{"auto_white_balance": False, "colour_temperature": 4000}, {"ColourGains": [1.5, 2.0]}],
            [{"AwbEnable": False, "ColourTemperature": 4000}, {"ColourGains": (1.5, 2.0)}],
        ),
        (
            [{"colour_temperature": 4000}, {"ColourGains": [1.5, 2.0]}, {"auto_white_balance": False}],
            [{}, {}, {"AwbEnable": False, "ColourGains": (1.5, 2.0)}],
        ),
        ([{"auto_white_balance": True}], [{"AwbEnable": True}]),
    ],
)
def test_what_libcamera_is_given(
    camera: CameraControls, settings: list[dict[str, Value]], given: list[dict[str, Any]]
) -> None:
    """To the type: a whole number for a float, or the reverse, would end picamera2's event loop."""
    found = [camera.to_set(values) for values in settings]
    assert [sorted(map(repr, values.items())) for values in found] == [
        sorted(map(repr, values.items())) for values in given
    ]


def test_a_camera_with_a_fixed_lens_and_no_colour() -> None:
    known = {name: PI[name] for name in ("AeEnable", "ExposureTime", "Brightness")}
    camera = CameraControls(known, 30, {})
    assert [control.name for control in camera.controls({})] == ["brightness", "auto_exposure", "exposure_time"]
    assert camera.to_set({"auto_exposure": True}) == {"AeEnable": True, "ExposureTime": 0}


def test_a_camera_without_the_switch_has_what_it_would_switch() -> None:
    camera = CameraControls({"ExposureTime": PI["ExposureTime"]}, 30, {})
    assert camera.to_set({"exposure_time": 500}) == {"ExposureTime": 500}
    assert not one(camera, "exposure_time").inactive
