"""Requests made by chance, as many as one likes: none is answered with 500, nobody notices, and nothing grows.

FRAMEBUS_FUZZED=100000 makes more of them than CI has the time for.
"""

import asyncio
import contextlib
import os
import random
import re
from pathlib import Path

import pytest

from benchmarks.processes import anonymous_bytes
from tests.e2e.conftest import Pipeline
from tests.e2e.faults.conftest import Watched
from tests.e2e.faults.fuzzed import request
from tests.processes import wait_until

REQUESTS = int(os.environ.get("FRAMEBUS_FUZZED", "10000"))
WARM_UP_REQUESTS = 15_000
"""By then a gateway is as large as it gets (measured: 28 MB before, then 32 MB, and 32 MB after 100 000)."""
AT_ONCE = 32
ANSWER_SECONDS = 0.05
"""An answer that takes longer is not waited for: its handler runs all the same, and the log tells of its failure."""
GROWTH_MB = 3.0
STATUS = re.compile(rb"\AHTTP/1\.[01] (\d{3}) ")
REFUSALS = {b"501", b"503", b"504", b"505"}
"""With a reason: no picture, too busy, too late; a transfer coding or a version of HTTP that is not served."""


async def send(host: str, port: int, text: bytes, wrong: list[bytes]) -> None:
    """Send a request as it is; an answer that tells of a failure goes to the wrong ones, with its request."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(text)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                status = STATUS.match(await reader.read(4096))
                if status is not None and status[1] >= b"500" and status[1] not in REFUSALS:
                    wrong.append(status[1] + b" for " + text[:300])
    except OSError:
        return  # hung up on, as it deserves
    finally:
        writer.transport.abort()


async def send_many(host: str, port: int, count: int, seed: int, wrong: list[bytes]) -> None:
    chance = random.Random(seed)
    left = iter(range(count))

    async def one_after_the_other() -> None:
        for _ in left:
            await send(host, port, request(chance), wrong)

    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))


@pytest.mark.timeout(900)
def test_fuzzed_requests(pipeline: Pipeline, watch: Watched) -> None:
    faults = watch(pipeline)
    address = pipeline.config.gateway.listen
    wrong: list[bytes] = []
    pid = pipeline.processes()["gateway"]
    asyncio.run(send_many(address.host, address.port, WARM_UP_REQUESTS, 1, wrong))
    before_mb = anonymous_bytes(pid) / 1e6
    with faults.during(f"{REQUESTS} fuzzed requests", keeps="mjpeg page zeromq"):
        asyncio.run(send_many(address.host, address.port, REQUESTS, 2, wrong))
    assert wrong == []
    assert "500 for" not in pipeline.up.log
    assert pipeline.processes()["gateway"] == pid
    wait_until(lambda: len(list(Path(f"/proc/{pid}/fd").iterdir())) < 60, "no connection left")
    assert anonymous_bytes(pid) / 1e6 < before_mb + GROWTH_MB
