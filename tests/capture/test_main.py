"""The command line of capture."""

import pytest

from capture.process import check_known
from framebus.config.load import ConfigError
from tests.conftest import Configure

TWO = """
[camera.front]
source = "testcard"

[camera.far]
connect = "tcp://127.0.0.1:5555"
"""


def test_a_camera_of_this_machine_is_accepted(configure: Configure) -> None:
    check_known(configure(TWO), "front")


@pytest.mark.parametrize(
    ("camera", "text"),
    [
        ("frnt", "camera 'frnt' is not configured; there is front, far; did you mean \"front\"?"),
        ("far", "camera far is on another machine: it comes from tcp://127.0.0.1:5555, and has no capture here"),
    ],
)
def test_another_camera_is_refused_with_the_reason(camera: str, text: str, configure: Configure) -> None:
    with pytest.raises(ConfigError) as refused:
        check_known(configure(TWO), camera)
    assert str(refused.value) == text
