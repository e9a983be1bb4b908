"""Where a camera is connected to, on this machine or on another, and with which keys.

The endpoints that this machine's own processes bind are framebus.run_dir's part.
"""

import os
from dataclasses import dataclass

from framebus import config as configuration
from framebus.config import Config, ConfigError
from framebus.curve_keys import KeyPair, read
from framebus.run_dir import control_endpoint, frames_endpoint, snapshot_endpoint
from framebus.secrets_file import SecretsError
from framebus.server_key import ServerKey


@dataclass(frozen=True, slots=True)
class Peer:
    """An endpoint to connect to; over CURVE where it has keys, which it then has both."""

    endpoint: str
    server_key: str | None = None
    client: KeyPair | None = None

    @property
    def same_host(self) -> bool:
        """Whether its CLOCK_MONOTONIC is ours: what goes over tcp is judged as if from another machine."""
        return self.endpoint.startswith("ipc://")


def frames(config: Config, camera: str) -> Peer:
    """Where a camera's frames and status come from. Raises ConfigError when there is no key for it."""
    settings = config.cameras.get(camera)
    if settings is None or settings.connect is None:
        return Peer(frames_endpoint(config, camera))
    return peer(config, str(settings.connect), settings.server_key)


def controls(config: Config, camera: str) -> Peer | None:
    """Where a camera's controls are; None for one of another machine that does not offer them here.

    Raises ConfigError when there is no key for it.
    """
    settings = config.cameras.get(camera)
    if settings is None or settings.connect is None:
        return Peer(control_endpoint(config, camera))
    if settings.connect_control is None:
        return None
    return peer(config, str(settings.connect_control), settings.server_key)


def no_controls(camera: str) -> str:
    """Why there are none of a camera whose `controls` is None."""
    return (
        f"camera {camera} is on another machine, and its controls are not connected; "
        f"set connect_control in [camera.{camera}], and control there"
    )


def snapshot(config: Config) -> Peer:
    """Where this machine's snapshot service answers."""
    return Peer(snapshot_endpoint(config))


def peer(config: Config, endpoint: str, server_key: ServerKey | None) -> Peer:
    """An endpoint, with this machine's own key where the other has one. Raises ConfigError when there is none."""
    if server_key is None:
        return Peer(endpoint)
    try:
        client = read(config.secrets).client
    except SecretsError as error:
        raise ConfigError([str(error)]) from None
    if client is None:
        raise ConfigError(
            [f"{config.secrets} has no key of this machine, to connect to {endpoint}; run: framebus keys client"]
        )
    return Peer(endpoint, str(server_key), client)


def named(endpoint: str, server_key: str | None, config: str | os.PathLike[str] | None) -> Peer:
    """An endpoint that a program names, with this machine's own key where it names the other's.

    Raises ConfigError when there is none, and ValueError for what is no key.
    """
    if server_key is None:
        return Peer(endpoint)
    try:
        expected = ServerKey.parse(server_key)
    except ValueError as error:
        raise ValueError(f"server_key: allowed: {error}") from None
    return peer(configuration.load(config), endpoint, expected)
