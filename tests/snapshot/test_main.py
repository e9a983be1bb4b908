"""The command line of the snapshot service."""

from framebus.transport.endpoints import Endpoint
from snapshot.process import camera_endpoints
from tests.conftest import Configure, Start

TWO = """
[camera.front]
source = "testcard"

[camera.far]
connect = "tcp://127.0.0.1:5555"
"""


def test_each_camera_has_an_endpoint(configure: Configure) -> None:
    config = configure(TWO)
    assert camera_endpoints(config) == {
        "front": Endpoint(f"ipc://{config.run_dir}/front.frames"),
        "far": Endpoint("tcp://127.0.0.1:5555"),
    }


def test_an_unknown_argument_is_refused(start: Start) -> None:
    service = start("snapshot", "--what")
    assert service.ended() == 2
    assert "unrecognized arguments: --what" in service.log
