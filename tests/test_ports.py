"""The ports that tests choose stay free until they are used."""

import socket
from collections import Counter
from pathlib import Path

import pytest

from tests.ports import BLOCK_PORTS, DEFAULT_EPHEMERAL, LOWEST_PORT, blocks, ephemeral, free_ports, is_free, lease


def one_after_the_other(count: int) -> list[int]:
    """So many ports, each free when it was chosen."""
    return [free_ports(1)[0] for _ in range(count)]


def test_no_connection_gets_a_port_that_a_test_has_chosen() -> None:
    lowest, highest = ephemeral()
    if blocks(lowest, highest):
        assert not [port for port in one_after_the_other(BLOCK_PORTS) if lowest <= port <= highest]


def test_a_chroot_without_proc_sys_has_the_default_of_the_kernel(tmp_path: Path) -> None:
    assert ephemeral(tmp_path / "none") == DEFAULT_EPHEMERAL
    (tmp_path / "range").write_text("1024\t65535\n")
    assert ephemeral(tmp_path / "range") == (1024, 65535)


def test_ports_are_different_and_come_again_when_each_was_used() -> None:
    once = free_ports(5)
    assert len(set(once)) == 5
    assert set(once) <= set(one_after_the_other(BLOCK_PORTS))


def test_a_port_on_which_somebody_listens_is_left_out() -> None:
    (taken,) = free_ports(1)
    with socket.create_server(("127.0.0.1", taken)):
        assert not is_free(taken)
        assert taken not in one_after_the_other(2 * BLOCK_PORTS)
    assert is_free(taken)


def test_two_processes_never_have_the_same_block() -> None:
    candidates = blocks(LOWEST_PORT + 2 * BLOCK_PORTS, 65535)
    assert len(candidates) == 2
    leases = [lease(candidates, "framebus-test-of-leases") for _ in candidates]
    assert Counter(block.start for _, block in leases).most_common(1)[0][1] == 1
    with pytest.raises(RuntimeError, match="all 2 blocks"):
        lease(candidates, "framebus-test-of-leases")
    leases[0][0].close()
    again, block = lease(candidates, "framebus-test-of-leases")
    assert block == leases[0][1]
    again.close()
    leases[1][0].close()


@pytest.mark.parametrize(
    ("lowest", "highest", "first"),
    [(32768, 60999, LOWEST_PORT), (1024, 60999, 61184), (LOWEST_PORT + BLOCK_PORTS - 1, 60999, 61184)],
)
def test_blocks_lie_outside_the_ports_of_connections(lowest: int, highest: int, first: int) -> None:
    outside = blocks(lowest, highest)
    assert outside[0].start == first
    assert all(block.stop <= lowest or block.start > highest for block in outside)


def test_where_connections_get_all_ports_there_is_no_block_outside() -> None:
    assert blocks(1024, 65535) == []
