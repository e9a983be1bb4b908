"""The endpoints that the gateway connects to."""

from pathlib import Path

from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint
from gateway.cameras.camera_endpoints import CameraEndpoints, camera_endpoints, worker_endpoints
from tests.conftest import Configure

TWO = """
[camera.front]
source = "testcard"
max_megapixels = 12

[camera.far]
connect = "tcp://127.0.0.1:5555"
"""


def test_each_camera_has_its_endpoints_and_its_limit(configure: Configure) -> None:
    config = configure(TWO)
    assert camera_endpoints(config) == {
        "front": CameraEndpoints(
            Endpoint(f"ipc://{config.run_dir}/front.frames"), Endpoint(f"ipc://{config.run_dir}/front.control"), 12
        ),
        "far": CameraEndpoints(
            Endpoint("tcp://127.0.0.1:5555"), None, 64, endpoints.controls_not_connected(config, "far")
        ),
    }


def test_each_worker_has_an_endpoint() -> None:
    assert worker_endpoints(Path("/run/cameras"), 2) == [
        "ipc:///run/cameras/gateway-0.viewers",
        "ipc:///run/cameras/gateway-1.viewers",
    ]
