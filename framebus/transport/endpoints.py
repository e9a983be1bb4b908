"""Which endpoint to connect to for a camera, on this machine or another, and with which keys.

framebus.runtime.run_dir has the endpoints that this machine's own processes bind.
"""

import os

import msgspec

from framebus.config import load as configuration
from framebus.config.load import Config, ConfigError
from framebus.config.server_key import ServerKey
from framebus.credentials.curve_keys import KeyPair, read
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import ArgumentError
from framebus.runtime.run_dir import (
    control_endpoint,
    events_endpoint,
    frames_endpoint,
    recorder_endpoint,
    snapshot_endpoint,
)


class Endpoint(msgspec.Struct, frozen=True):
    """An endpoint to connect to. With a server key it is encrypted with CURVE, and has a key of this machine, too."""

    endpoint: str
    server_key: str | None = None
    client: KeyPair | None = None

    @property
    def same_host(self) -> bool:
        """Whether its CLOCK_MONOTONIC is that of this machine; everything over tcp counts as another machine."""
        return self.endpoint.startswith("ipc://")


def frames(config: Config, camera: str) -> Endpoint:
    """The endpoint of a camera's frames and status. Raises ConfigError when there is no key for it."""
    settings = config.cameras.get(camera)
    if settings is None or settings.connect is None:
        return Endpoint(frames_endpoint(config.run_dir, camera))
    return with_keys(config, str(settings.connect), settings.server_key)


def controls(config: Config, camera: str) -> Endpoint | None:
    """The endpoint of a camera's controls; None for one of a program, or of another machine without `connect_control`.

    Raises ConfigError when there is no key for it.
    """
    settings = config.cameras.get(camera)
    if settings is not None and settings.is_program:
        return None
    if settings is None or settings.connect is None:
        return Endpoint(control_endpoint(config.run_dir, camera))
    if settings.connect_control is None:
        return None
    return with_keys(config, str(settings.connect_control), settings.server_key)


def controls_not_connected(config: Config, camera: str) -> str:
    """Why a camera whose `controls` is None has no controls."""
    if config.cameras[camera].is_program:
        return f"camera {camera} has no controls: a program publishes it"
    return (
        f"camera {camera} is on another machine, and its controls are not connected; "
        f"set connect_control in [camera.{camera}], and control there"
    )


def events(config: Config) -> Endpoint:
    """The endpoint of the events of all cameras, also of those of other machines: they are found here."""
    return Endpoint(events_endpoint(config.run_dir))


def snapshot(config: Config) -> Endpoint:
    """The endpoint of this machine's snapshot service."""
    return Endpoint(snapshot_endpoint(config.run_dir))


def recorder(config: Config) -> Endpoint:
    """The endpoint of this machine's recorder."""
    return Endpoint(recorder_endpoint(config.run_dir))


def with_keys(config: Config, endpoint: str, server_key: ServerKey | None) -> Endpoint:
    """An endpoint, with this machine's own key where the server has one. Raises ConfigError when there is none."""
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


def from_arguments(endpoint: str, server_key: str | None, config: str | os.PathLike[str] | None) -> Endpoint:
    """An endpoint given by a program, with this machine's own key where the program gives a server key.

    Raises ConfigError when there is none, and ArgumentError, a ValueError, when the server key is not a key.
    """
    if server_key is None:
        return Endpoint(endpoint)
    try:
        expected = ServerKey.parse(server_key)
    except ValueError as error:
        raise ArgumentError(f"server_key: allowed: {error}") from None
    return with_keys(configuration.load(config, keys=False), endpoint, expected)
