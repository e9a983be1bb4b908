"""The process of the gateway: its command line, and gateway.server with the configuration."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from framebus.config.followed_copy import FollowedCopy, copy_in_force
from framebus.config.load import RECORDINGS_NAME, Config, ConfigError
from framebus.runtime.command_line import arguments, read
from framebus.runtime.process import Stop, run
from framebus.runtime.run_dir import worker_name
from gateway.cameras.camera_endpoints import camera_endpoints
from gateway.http.limit_metrics import configured_limits
from gateway.server import Gateway, logger

if TYPE_CHECKING:
    from argparse import ArgumentParser


def main() -> int:
    """Run the gateway's process; returns its exit status."""
    options = read(parser, worker=0)

    def gateway(config: Config, stop: Stop) -> None:
        workers = config.gateway.workers
        if not 0 <= options.worker < workers:
            raise ConfigError(
                [f"found --worker {options.worker}; allowed with workers = {workers} in [gateway]: 0 to {workers - 1}"]
            )
        worker = made(config, options.worker)

        def follow(changed: Config) -> None:
            worker.follow(changed.cameras, camera_endpoints(changed), limits(changed), recordings(changed))

        asyncio.run(worker.run(stop, on_tick=FollowedCopy(follow, logger, copy_in_force()).check))

    return run(worker_name(options.worker) if options.worker else "gateway", options.config, gateway)


def parser() -> "ArgumentParser":
    """The parser of the command line."""
    parser = arguments("gateway", "Serve the cameras to browsers and everything else that speaks HTTP.")
    parser.add_argument(
        "--worker", metavar="K", type=int, default=0, help="which of [gateway] workers, counted from 0 (default: 0)"
    )
    return parser


def made(config: Config, worker: int = 0) -> Gateway:
    """The worker of this number, as it is configured. Raises ConfigError when there is no key for a camera."""
    return Gateway(
        config.gateway,
        config.cameras,
        camera_endpoints(config),
        limits(config),
        config_path=config.path,
        run_dir=config.run_dir,
        state_dir=config.state_dir,
        secrets=config.secrets,
        recordings=recordings(config),
        worker=worker,
    )


def recordings(config: Config) -> Path:
    """The folder of recordings, which is always there in a loaded configuration."""
    return Path(config.recorder.folder or config.state_dir / RECORDINGS_NAME)


def limits(config: Config) -> dict[str, float]:
    """Every limit of the configuration, for /metrics."""
    return configured_limits(config.gateway, config.snapshot, config.recorder, config.cameras)
