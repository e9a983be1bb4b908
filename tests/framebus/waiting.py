"""Waiting within an asyncio loop."""

import asyncio
from collections.abc import Callable

from tests.processes import DEADLINE_SECONDS


async def until(true: Callable[[], object]) -> None:
    """Let the loop run until something holds; raises TimeoutError at the deadline."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not true():  # noqa: ASYNC110  (there is no event to wait for)
            await asyncio.sleep(0.01)
