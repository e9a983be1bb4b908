"""The boxes of motion_zones and motion_ignore that have an area, and what is said of the others."""

import pytest

from framebus.config.load import ConfigError, parse


@pytest.mark.parametrize("key", ["motion_zones", "motion_ignore"])
def test_a_box_without_an_area_is_a_mistake(key: str) -> None:
    boxes = [[0, 0, 1, 1], [0.5, 0, 0.25, 1], [0, 0.5, 1, 0.5]]

    with pytest.raises(ConfigError) as caught:
        parse({"camera": {"front": {key: boxes}}}, None)

    allowed = "boxes whose left is less than their right, and their top less than their bottom"
    assert caught.value.mistakes == [
        f'framebus.toml: camera.front.{key}: found "[0.5, 0, 0.25, 1]"; allowed: {allowed}',
        f'framebus.toml: camera.front.{key}: found "[0, 0.5, 1, 0.5]"; allowed: {allowed}',
    ]
