"""The [camera.front] table: the limits of each key, and what the error text says beyond them."""

from typing import Any

import pytest

from framebus.config.camera import NOT_OF_CAPTURE, CameraConfig
from framebus.config.load import parse
from framebus.config.motion_zones import ZONES_ALLOWED
from framebus.config.strict_toml import ConfigProblems, convert_table


def problems(table: dict[str, Any]) -> list[str]:
    """Read a table; return its problems."""
    noted = ConfigProblems("framebus.toml")
    convert_table(table, CameraConfig, "camera.front", noted)
    return noted.lines


@pytest.mark.parametrize(
    ("key", "accepted", "refused", "allowed"),
    [
        ("fps", [0.001, 240], [0, -1, 240.5], "frames a second, more than 0 and at most 240"),
        ("quality", [1, 100], [0, 101, 80.5], "a whole number from 1 to 100"),
        ("idle_fps", [0, 240], [-0.1, 241], "frames a second from 0 (the camera is closed while idle) to 240"),
        ("orientation", [1, 8], [0, 9, "upright"], "an EXIF orientation, a whole number from 1 to 8"),
        ("max_frame_mb", [0.001, 31], [0, 31.5], "MB, more than 0 and at most 31"),
        ("max_megapixels", [0.1, 500], [0.09, 501], "megapixels from 0.1 to 500"),
        ("stall_timeout", [0.001, 3600], [0, 3601], "seconds, more than 0 and at most 3600"),
        ("keyframe_timeout", [0.001, 3600], [0, 3601], "seconds, more than 0 and at most 3600"),
        ("rtsp_transport", ["auto", "tcp", "udp"], ["TCP", "", 1], '"auto", "tcp" or "udp"'),
        ("sndbuf", [4096, 16777216], [4095, 16777217, 65536.5], "bytes, a whole number from 4096 to 16777216"),
        ("motion", [True, False], [1, "yes", {}], "true or false"),
        (
            "motion_zones",
            [[], [[0, 0, 1, 1]], [[0.1, 0.2, 0.3, 0.4]] * 16],
            [True, [0, 0, 1, 1], [[0, 0, 1]], [[0, 0, 1, 1.01]], [[-0.1, 0, 1, 1]], [[0, 0, 1, 1]] * 17],
            ZONES_ALLOWED,
        ),
        ("motion_ignore", [[[0.5, 0, 1, 1]]], [[[0, 0, 1, 1, 1]]], ZONES_ALLOWED),
        ("motion_min_area", [0.001, 100], [0, 100.5], "percent of the picture, more than 0 and at most 100"),
        ("motion_sensitivity", [1, 100], [0, 101, 50.5], "a whole number from 1 to 100"),
        ("tls_verify", [True, False], [1, "no"], "true or false"),
        (
            "title",
            ["F", "Front door", "Gärten hinten 🌻", "玄関", "x" * 64],
            ["", " ", "x" * 65, "two\nlines", "\x1b[31m", "\u202etxt", 1],
            "a text of 1 to 64 characters in one line",
        ),
        ("controls", [{}, {"a": 1, "b": [1.5], "c": "x", "d": True}], [1, {"a": {}}, {"a": ["x"]}], None),
        ("still_size", ["16x16", "8192x8192"], ["15x16", 5], None),
        ("connect", ["tcp://10.0.0.7:5555"], ["10.0.0.7:5555", 5555], None),
    ],
)
def test_a_key_has_these_limits(key: str, accepted: list[Any], refused: list[Any], allowed: str | None) -> None:
    for value in accepted:
        assert problems({key: value}) == []
    for value in refused:
        (problem,) = problems({key: value})
        assert problem.startswith(f"framebus.toml: camera.front.{key}: found ")
        if allowed is not None:
            assert problem.endswith(f"; allowed: {allowed}")


@pytest.mark.parametrize("key", ["fps", "idle_fps", "max_frame_mb", "max_megapixels", "stall_timeout"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), True, "5"])
def test_a_rate_or_time_is_a_finite_number(key: str, value: Any) -> None:
    assert len(problems({key: value})) == 1


def test_a_table_of_controls_that_is_wrong_gets_an_example() -> None:
    assert problems({"controls": 3}) == [
        "framebus.toml: camera.front.controls: found 3; "
        "allowed: a table of controls and their values, such as { brightness = 0.1 }"
    ]


def test_a_camera_is_here_unless_it_is_connected_to() -> None:
    noted = ConfigProblems("framebus.toml")
    far = convert_table({"connect": "tcp://10.0.0.7:5555"}, CameraConfig, "camera.front", noted)
    published = convert_table({"publish": "tcp://10.0.0.7:5555"}, CameraConfig, "camera.front", noted)

    assert CameraConfig().is_here
    assert published.is_here
    assert not far.is_here
    assert noted.lines == []


@pytest.mark.parametrize(
    ("keys", "idle_fps"),
    [
        ({}, 1),
        ({"motion": True}, 5),
        ({"motion": True, "idle_fps": 0}, 5),
        ({"motion": True, "idle_fps": 10}, 10),
        ({"motion": True, "fps": 2}, 2),
        ({"motion": True, "source": "program"}, 5),
        ({"motion": True, "connect": "tcp://127.0.0.1:5555"}, 1),
    ],
)
def test_an_idle_camera_gives_enough_pictures_to_find_motion(keys: dict[str, Any], idle_fps: float) -> None:
    camera = parse({"camera": {"front": keys}}, None).cameras["front"]

    assert camera.idle_fps == idle_fps
    assert camera.has_motion == keys.get("motion", False)


def test_its_capture_knows_nothing_of_its_title_and_of_motion() -> None:
    camera = CameraConfig(
        title="Front door", motion=True, motion_zones=[[0, 0, 1, 1]], motion_min_area=1, motion_sensitivity=9, fps=7
    )

    assert camera.of_capture == CameraConfig(fps=7)
    assert {key for key in CameraConfig.__struct_fields__ if key.startswith("motion")} <= set(NOT_OF_CAPTURE)
