"""Waiting for a subscriber to get nothing."""

import pytest

from framebus import AsyncSubscriber, Subscriber

SILENCE_SECONDS = 0.3
"""How long nothing has to come for the test to believe that nothing comes."""


def assert_silent(subscriber: Subscriber, seconds: float = SILENCE_SECONDS) -> None:
    with pytest.raises(TimeoutError):
        subscriber.receive(seconds)


async def assert_silent_async(subscriber: AsyncSubscriber, seconds: float = SILENCE_SECONDS) -> None:
    with pytest.raises(TimeoutError):
        await subscriber.receive(seconds)
