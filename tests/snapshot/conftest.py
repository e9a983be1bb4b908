"""Fixtures of the tests of this folder."""

import pytest

from tests.clock import Clock
from tests.snapshot.service import NOW


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)
