"""The gateway gives memory back that its viewers have left."""

import os

import pytest

from benchmarks.processes import anonymous_bytes
from framebus.runtime.malloc import FreeMemory
from tests.gateway.conftest import Site

PICTURE_BYTES, PICTURES = 22_000, 2000


@pytest.mark.medium
async def test_what_is_free_is_given_back_by_a_tick(site: Site) -> None:
    site.gateway._free_memory = FreeMemory(0)
    pictures = [bytes(PICTURE_BYTES) for _ in range(PICTURES)]
    pictures = pictures[::50]
    before = anonymous_bytes(os.getpid())
    site.gateway._tick()
    assert before - anonymous_bytes(os.getpid()) > PICTURE_BYTES * PICTURES / 2
    assert len(pictures) == PICTURES // 50
