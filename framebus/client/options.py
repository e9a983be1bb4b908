"""What both subscribers are told by their caller, checked; also what a pickled subscriber consists of."""

import math
import os
from typing import Any, Literal, get_args

import msgspec

from framebus.config import running_copy
from framebus.config.load import Config, ConfigError
from framebus.config.strict_toml import did_you_mean
from framebus.errors import ArgumentError
from framebus.protocol.renditions import RENDITIONS, Rendition
from framebus.protocol.wire import CAMERA_ALLOWED, is_camera_name, topic
from framebus.transport import endpoints
from framebus.transport.endpoints import Endpoint

SubscriberKind = Literal["live", "peek"]


MAX_QUEUE = 10_000
"""Frames that a subscriber may ask to have queued. A frame may have 32 MiB, and usually has 100 kB."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments that all subscribers have, by the names that they have there."""

    camera: str
    timeout: float | None = None
    endpoint: str | None = None
    server_key: str | None = None
    config: str | None = None
    """The path of the configuration, absolute."""

    def __post_init__(self) -> None:
        """Raises ArgumentError."""
        check_camera(self.camera)
        check_seconds("timeout", self.timeout)

    def arguments(self) -> dict[str, Any]:
        """The arguments with which to make another subscriber of the same kind."""
        return msgspec.structs.asdict(self)

    def find(self) -> Endpoint:
        """The endpoint as given, else the camera's own by the configuration. Raises ArgumentError and ConfigError."""
        if self.endpoint is not None:
            return endpoints.from_arguments(self.endpoint, self.server_key, self.config)
        config = load(self.config, self.camera)
        check_configured(self.camera, config)
        return endpoints.frames(config, self.camera)


class SubscriberOptions(Options, frozen=True, kw_only=True):
    """The arguments of a subscriber of frames."""

    kind: SubscriberKind = "live"
    rendition: Rendition | None = None
    queue: int = 0
    max_age: float | None = None

    def __post_init__(self) -> None:
        """Raises ArgumentError."""
        Options.__post_init__(self)
        if self.kind not in get_args(SubscriberKind):
            raise ArgumentError(f"kind {self.kind!r}: allowed are {', '.join(get_args(SubscriberKind))}")
        if not isinstance(self.queue, int) or isinstance(self.queue, bool) or not 0 <= self.queue <= MAX_QUEUE:
            raise ArgumentError(f"queue {self.queue!r}: allowed are frames, a whole number from 0 to {MAX_QUEUE}")
        if self.rendition is not None and self.rendition not in RENDITIONS:
            raise ArgumentError(f"rendition {self.rendition!r}: allowed are {', '.join(RENDITIONS)}, or None")
        if self.rendition is not None and self.kind != "live":
            raise ArgumentError(f"rendition {self.rendition!r}: allowed only with kind 'live', not {self.kind!r}")
        check_seconds("max_age", self.max_age)

    @property
    def topic(self) -> bytes:
        """What to subscribe to."""
        return topic(self.rendition or self.kind, self.camera)


def check_camera(camera: str) -> None:
    """Raises ArgumentError for a name that no camera can have."""
    if not isinstance(camera, str) or not is_camera_name(camera):
        raise ArgumentError(f"camera {camera!r}: allowed are {CAMERA_ALLOWED}")


def check_seconds(name: str, seconds: float | None, *, optional: bool = True) -> None:
    """Raises ArgumentError for what is no length of time; None is one where it is `optional`."""
    if seconds is None and optional:
        return
    if not isinstance(seconds, (int, float)) or math.isnan(seconds):
        raise ArgumentError(f"{name} {seconds!r}: allowed are seconds{', or None' if optional else ''}")


def absolute(config: str | os.PathLike[str] | None) -> str | None:
    """The path of a configuration, as another process finds it too."""
    return None if config is None else os.path.abspath(config)


def load(config: str | os.PathLike[str] | None, camera: str) -> Config:
    """The configuration, without a look at the secrets file: the caller may not be allowed to read that.

    Where its file was changed since framebus started, and has mistakes or no such camera, it is that of the running
    framebus. Raises ConfigError.
    """
    return running_copy.load(config, keys=False, camera=camera)


def check_configured(camera: str, config: Config) -> None:
    """Raises ConfigError for a camera that the configuration, where there is one, does not have."""
    if config.path is not None and camera not in config.cameras:
        cameras = list(config.cameras)
        raise ConfigError(
            [f"there is no camera {camera}; there is {', '.join(cameras)}{did_you_mean(camera, cameras)}"]
        )
