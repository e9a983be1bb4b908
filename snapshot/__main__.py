"""Run the snapshot service: `python -m snapshot`."""

import sys

from framebus.config.load import Config
from framebus.runtime.process import Stop, arguments, run
from framebus.transport import endpoints
from snapshot.server import SnapshotServer


def main() -> int:
    """Run the snapshot service and return the exit status."""
    options = arguments("snapshot", "Answer requests for stills from the newest frame of every camera.").parse_args()

    def snapshot(config: Config, stop: Stop) -> None:
        camera_endpoints = {camera: endpoints.frames(config, camera) for camera in config.cameras}
        SnapshotServer(config.snapshot, config.cameras, camera_endpoints, config.run_dir, config.secrets).run(stop)

    return run("snapshot", options.config, snapshot)


if __name__ == "__main__":
    sys.exit(main())
