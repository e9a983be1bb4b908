"""Fixtures for the tests of framebus: a publisher and a service of the test's own, on real sockets."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.framebus.publisher import Publisher
from tests.framebus.still_service import StillService

Publish = Callable[..., Publisher]
Serve = Callable[[str, Callable[[bytes], bytes | None]], StillService]


@pytest.fixture
def endpoint(run_dir: Path) -> str:
    """Where camera `front` publishes."""
    return f"ipc://{run_dir}/front.frames"


@pytest.fixture
def publish() -> Iterator[Publish]:
    """Make a publisher: `publish(endpoint, epoch="second")`."""
    made: list[Publisher] = []

    def make(endpoint: str, **options: Any) -> Publisher:
        made.append(Publisher(endpoint, **options))
        return made[-1]

    yield make
    for publisher in made:
        publisher.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer requests for stills: `serve(endpoint, lambda request: b"…")`."""
    made: list[StillService] = []

    def make(endpoint: str, answer: Callable[[bytes], bytes | None]) -> StillService:
        made.append(StillService(endpoint, answer))
        return made[-1]

    yield make
    for service in made:
        service.close()
