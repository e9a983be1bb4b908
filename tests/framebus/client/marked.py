"""The configuration of a camera that a program publishes, and a subscriber of it."""

from typing import Any

from framebus import (
    Subscriber,
)
from framebus.config.load import Config
from tests.processes import DEADLINE_SECONDS

TABLES = '[camera.front]\nsource = "testcard"\n[camera.marked]\nsource = "program"\nquality = 90\n'


def subscriber(config: Config, **options: Any) -> Subscriber:
    return Subscriber("marked", config=config.path, timeout=DEADLINE_SECONDS, **options)
