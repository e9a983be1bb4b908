"""Fixtures for the tests of subscribers: a publisher of camera `front`, and a subscriber of it."""

from collections.abc import Iterator

import pytest

from framebus import Subscriber
from tests.framebus.conftest import Publish
from tests.framebus.publisher import Publisher
from tests.processes import DEADLINE_SECONDS


@pytest.fixture
def publisher(endpoint: str, publish: Publish) -> Publisher:
    return publish(endpoint)


@pytest.fixture
def subscriber(endpoint: str, publisher: Publisher) -> Iterator[Subscriber]:
    """Subscribed already."""
    with Subscriber("front", endpoint=endpoint, timeout=DEADLINE_SECONDS) as subscriber:
        publisher.subscription()
        yield subscriber
