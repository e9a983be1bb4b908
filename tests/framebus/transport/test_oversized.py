"""A far camera that sends more than the wire format allows costs its readers no memory, and is not lost for ever."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.config.load import Config
from framebus.protocol.wire import pack, topic
from tests.conftest import Configure, Start
from tests.framebus.golden.make import PACKED
from tests.framebus.publisher import Publisher
from tests.ports import free_ports
from tests.processes import DEADLINE_SECONDS, Running, wait_until

SIZE_BYTES = 400 << 20
LIMIT_KB = 300 << 10
"""A process of framebus takes some 40 MB; a message that is held takes at least SIZE_BYTES more."""


@pytest.fixture
def far(configure: Configure) -> Config:
    (port,) = free_ports(1)  # beside that of the gateway
    return configure(f'[camera.front]\nconnect = "tcp://127.0.0.1:{port}"\n')


@pytest.fixture
def publisher(far: Config) -> Iterator[Publisher]:
    made = Publisher(str(far.cameras["front"].connect))
    yield made
    made.close()


def peak_kb(process: Running) -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found
    return int(found[1])


@pytest.mark.parametrize(("process", "kind"), [("gateway", "status"), ("snapshot", "status"), ("snapshot", "peek")])
def test_a_process_does_not_hold_it_and_subscribes_again(
    process: str, kind: str, far: Config, publisher: Publisher, start: Start
) -> None:
    running = start(process, config=far)
    wanted = b"\x01" + f"{kind}/front\n".encode()
    while publisher.subscription() != wanted:
        pass
    message = f"{kind}/front\n".encode() + bytes(SIZE_BYTES)
    publisher.send_message(message)
    del message

    def subscribes_again() -> bool:
        return publisher.is_heard() and publisher.subscription() == wanted

    wait_until(subscribes_again, "the process subscribes again")
    assert peak_kb(running) < LIMIT_KB
    assert running.process.poll() is None


def test_a_status_with_hostile_values_ends_no_gateway(far: Config, publisher: Publisher, start: Start) -> None:
    """Each of these once raised from the gateway's tick, or made every still an error 500."""
    running = start("gateway", config=far)
    assert publisher.subscription() == b"\x01" + topic("status", "front")
    message = pack(*PACKED["status"]._replace(camera="front")).replace(b'"back-door"', b'"front"')
    for key, value in (("since", b"1e300"), ("since", b"-1e18"), ("epoch", b'"a\\r\\nb"'), ("reason", b'"a\\u0000"')):
        hostile = re.sub(rf'"{key}":("[^"]*"|[^,]*)'.encode(), lambda _: b'"%s":%s' % (key.encode(), value), message)  # noqa: B023
        assert hostile != message
        for _ in range(3):
            publisher.send_message(hostile)
            time.sleep(0.05)
    running.wait_for("malformed messages dropped")
    publisher.send_message(message)
    wait_until(lambda: "Traceback" not in running.log and running.process.poll() is None, "it runs", DEADLINE_SECONDS)
