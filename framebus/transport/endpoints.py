"""Where a camera is connected to, on this machine or on another, and with which keys.

The endpoints that this machine's own processes bind are framebus.runtime.run_dir's part.
"""

import os
from dataclasses import dataclass

from framebus.config import load as configuration
from framebus.config.load import Config, ConfigError
from framebus.config.server_key import ServerKey
from framebus.credentials.curve_keys import KeyPair, read
from framebus.credentials.secrets_file import SecretsError
from framebus.runtime.run_dir import control_endpoint, frames_endpoint, snapshot_endpoint


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint to connect to; over CURVE where it has keys, which it then has both."""

    endpoint: str
    server_key: str | None = None
    client: KeyPair | None = None

    @property
    def same_host(self) -> bool:
        """Whether its CLOCK_MONOTONIC is ours: what goes over tcp is judged as if from another machine."""
        return self.endpoint.startswith("ipc://")


def frames(config: Config, camera: str) -> Endpoint:
    """Where a camera's frames and status come from. Raises ConfigError when there is no key for it."""
    settings = config.cameras.get(camera)
    if settings is None or settings.connect is None:
        return Endpoint(frames_endpoint(config, camera))
    return peer(config, str(settings.connect), settings.server_key)


def controls(config: Config, camera: str) -> Endpoint | None:
    """Where a camera's controls are; None for one of another machine that does not offer them here.

    Raises ConfigError when there is no key for it.
    """
    settings = config.cameras.get(camera)
    if settings is None or settings.connect is None:
        return Endpoint(control_endpoint(config, camera))
    if settings.connect_control is None:
        return None
    return peer(config, str(settings.connect_control), settings.server_key)


def no_controls(camera: str) -> str:
    """Why there are none of a camera whose `controls` is None."""
    return (
        f"camera {camera} is on another machine, and its controls are not connected; "
        f"set connect_control in [camera.{camera}], and control there"
    )


def snapshot(config: Config) -> Endpoint:
    """Where this machine's snapshot service answers."""
    return Endpoint(snapshot_endpoint(config))


def peer(config: Config, endpoint: str, server_key: ServerKey | None) -> Endpoint:
    """An endpoint, with this machine's own key where the other has one. Raises ConfigError when there is none."""
    if server_key is None:
        return Endpoint(endpoint)
    try:
        client = read(config.secrets).client
    except SecretsError as error:
        raise ConfigError([str(error)]) from None
    if client is None:
        raise ConfigError(
            [f"{config.secrets} has no key of this machine, to connect to {endpoint}; run: framebus keys client"]
        )
    return Endpoint(endpoint, str(server_key), client)


def named(endpoint: str, server_key: str | None, config: str | os.PathLike[str] | None) -> Endpoint:
    """An endpoint that a program names, with this machine's own key where it names the other's.

    Raises ConfigError when there is none, and ValueError for what is no key.
    """
    if server_key is None:
        return Endpoint(endpoint)
    try:
        expected = ServerKey.parse(server_key)
    except ValueError as error:
        raise ValueError(f"server_key: allowed: {error}") from None
    return peer(configuration.load(config), endpoint, expected)
