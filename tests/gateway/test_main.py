"""The command line of the gateway."""

import pytest

from tests.conftest import Configure, Start


@pytest.mark.parametrize("worker", ["2", "-1"])
def test_a_worker_number_out_of_range_is_a_usage_error(configure: Configure, start: Start, worker: str) -> None:
    gateway = start("gateway", "--worker", worker, config=configure(gateway="workers = 2"))
    assert gateway.ended() == 2
    (line,) = gateway.log.splitlines()
    assert line.endswith(f": found --worker {worker}; allowed with workers = 2 in [gateway]: 0 to 1")
