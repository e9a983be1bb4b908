"""The process of the snapshot service: snapshot.server with the configuration."""

from framebus.config.followed_copy import FollowedCopy, copy_in_force
from framebus.config.load import Config
from framebus.runtime.command_line import arguments, read
from framebus.runtime.process import Stop, run
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint
from snapshot.server import SnapshotServer, logger


def camera_endpoints(config: Config) -> dict[str, Endpoint]:
    """Where each camera publishes. Raises ConfigError when there is no key for one."""
    return {camera: endpoints.frames(config, camera) for camera in config.cameras}


def main() -> int:
    """Run the snapshot service and return the exit status."""
    options = read(lambda: arguments("snapshot", "Answer requests for stills from the newest frame of every camera."))

    def snapshot(config: Config, stop: Stop) -> None:
        server = SnapshotServer(
            config.snapshot, config.cameras, camera_endpoints(config), config.run_dir, config.secrets, config.group
        )

        def follow(changed: Config) -> None:
            server.follow(changed.cameras, camera_endpoints(changed))

        server.run(stop, on_tick=FollowedCopy(follow, logger, copy_in_force()).check)

    return run("snapshot", options.config, snapshot)
