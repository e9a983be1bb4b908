"""Fixtures of the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.clock import Clock
from tests.conftest import Configure, Start
from tests.snapshot.requester import FRONT, Asking, answers
from tests.snapshot.service import NOW


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def asking(configure: Configure, start: Start) -> Iterator[Asking]:
    """The service, without any capture, and a requester."""
    config = configure(FRONT)
    answers(start, config)
    asking = Asking(config)
    yield asking
    asking.close()
