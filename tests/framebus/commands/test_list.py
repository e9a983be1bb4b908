"""`framebus list`: each camera of the configuration and its state."""

import pytest

from framebus import StatusSubscriber
from framebus.commands.list import states
from tests.conftest import Configure, Start
from tests.framebus.commands.test_recordings import FRONT, framebus
from tests.processes import DEADLINE_SECONDS, wait_until


def test_the_cameras_are_listed(configure: Configure, start: Start) -> None:
    config = configure(FRONT + '[camera.back-door]\nsource = "testcard"\n')
    start("capture", "front", config=config)
    with StatusSubscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as statuses:
        wait_until(lambda: statuses.receive().state == "idle", "the camera is there")
    lines = framebus("list", config=config).stdout.splitlines()
    assert lines[0].startswith("front      idle: 1 fps while there are no viewers (testcard, 320x240 at ")
    assert lines[1] == "back-door  not running"


@pytest.mark.medium
def test_a_camera_that_does_not_run_is_not_offline_however_long_is_waited(configure: Configure) -> None:
    """A subscriber that has heard nothing for its deadline makes a status of its own."""
    assert states(configure(), DEADLINE_SECONDS) == {"front": "not running"}


@pytest.mark.slow
def test_many_cameras_that_do_not_run_are_listed_at_once(configure: Configure) -> None:
    """One after the other they would take a minute, and the command would be ended."""
    config = configure("".join(f'[camera.c{number}]\nsource = "testcard"\n' for number in range(32)))
    ran = framebus("list", config=config)
    assert ran.stdout.count("not running\n") == 32, ran.stderr
