"""A capture process at work, as the tests of its server start it."""

from framebus.config.load import Config
from tests.conftest import Start
from tests.processes import Running

FRONT = '[camera.front]\nsource = "testcard"\nsize = "160x120"\n'


def published(start: Start, config: Config) -> Running:
    """A capture of the camera front, once its endpoint is there."""
    running = start("capture", "front", config=config)
    running.wait_for("camera front publishes at ")
    return running


def last_line(running: Running) -> str:
    """What the log ends with, without the time."""
    return running.log.splitlines()[-1][24:]
