import pytest

from framebus.config.camera import CameraConfig
from framebus.protocol.wire import Kind
from framebus.publishing.wanted_fps import wanted_fps

SETTINGS = CameraConfig(fps=30, idle_fps=1, rendition_fps=15)


@pytest.mark.parametrize(
    ("wanted", "fps"),
    [
        (set(), 1),
        ({"peek", "status"}, 1),
        ({"peek", "quarter"}, 15),
        ({"half", "live"}, 30),
        ({"full"}, 30),
    ],
)
def test_subscribers_get_what_they_need(wanted: set[Kind], fps: float) -> None:
    assert wanted_fps(SETTINGS, wanted) == fps


@pytest.mark.parametrize(("fps", "idle_fps", "expected"), [(10, 1, 10), (30, 20, 20)])
def test_renditions_have_at_most_the_frames_of_the_camera(fps: float, idle_fps: float, expected: float) -> None:
    settings = CameraConfig(fps=fps, idle_fps=idle_fps, rendition_fps=15)
    assert wanted_fps(settings, {"half"}) == expected
