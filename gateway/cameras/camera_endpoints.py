"""Where the gateway reaches each camera and the other workers, read from the configuration."""

from pathlib import Path

import msgspec

from framebus.config.load import Config
from framebus.runtime.run_dir import viewers_endpoint
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint


class CameraEndpoints(msgspec.Struct, frozen=True):
    """Where one camera publishes, and where its controls are set."""

    frames: Endpoint
    controls: Endpoint | None
    """None for a camera without controls."""
    max_megapixels: float
    """A larger picture of this camera is not decoded."""
    no_controls: str = ""
    """Why it has no controls, in a sentence; empty where it has."""


def camera_endpoints(config: Config) -> dict[str, CameraEndpoints]:
    """The endpoints of every camera by its name. Raises ConfigError when there is no key for one."""
    return {name: _camera_endpoints(config, name, settings.max_megapixels) for name, settings in config.cameras.items()}


def _camera_endpoints(config: Config, name: str, max_megapixels: float) -> CameraEndpoints:
    controls = endpoints.controls(config, name)
    no_controls = endpoints.controls_not_connected(config, name) if controls is None else ""
    return CameraEndpoints(endpoints.frames(config, name), controls, max_megapixels, no_controls)


def worker_endpoints(run_dir: Path, workers: int) -> list[str]:
    """Where each worker of the gateway reports its viewers to the others, by its number."""
    return [viewers_endpoint(run_dir, number) for number in range(workers)]
