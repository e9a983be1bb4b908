"""A program's camera on the network: for those whose key is listed, and encrypted."""

from pathlib import Path

import pytest

from framebus import Publisher, StatusSubscriber, Subscriber
from framebus.config.load import Config
from tests.capture.jpegs import jpeg
from tests.conftest import Configure
from tests.curve import Strongbox
from tests.ports import free_ports
from tests.processes import DEADLINE_SECONDS, wait_until

pytestmark = pytest.mark.slow


def refused(config: Config) -> int:
    """How many connections the publisher has refused."""
    with StatusSubscriber("marked", config=config.path, timeout=DEADLINE_SECONDS) as statuses:
        count = statuses.receive().refused
    assert isinstance(count, int)
    return count


def test_who_has_a_listed_key_watches(configure: Configure, run_dir: Path, tmp_path: Path) -> None:
    # An address beyond loopback: with the keys there, that is allowed.
    (port,) = free_ports(1)
    box = Strongbox(run_dir / "framebus.secrets")
    config = configure(f'[camera.marked]\nsource = "program"\npublish = "tcp://*:{port}"\n')
    endpoint = f"tcp://127.0.0.1:{port}"
    there = Strongbox(tmp_path / "framebus.secrets")
    there.client = box.client
    there.list_as({})
    elsewhere = tmp_path / "framebus.toml"
    elsewhere.write_text(f'[camera.marked]\nconnect = "{endpoint}"\nserver_key = "{box.server.public}"\n')

    with Publisher("marked", config=config.path) as publisher:
        with Subscriber("marked", config=elsewhere, timeout=DEADLINE_SECONDS) as viewer:
            assert publisher.wait_watched(DEADLINE_SECONDS)
            publisher.publish(jpeg())
            frame = viewer.receive()
            assert (frame.seq, frame.same_host) == (1, False)
        wait_until(lambda: not publisher.watched, "the viewer is gone")
        assert refused(config) == 0
        with Subscriber("marked", endpoint=endpoint):
            wait_until(lambda: refused(config) > 0, "one without a key is refused")
            assert not publisher.watched
