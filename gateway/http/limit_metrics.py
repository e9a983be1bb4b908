"""Every limit of the configuration by its key, and what was refused, for /metrics. Other modules enforce the limits."""

from collections.abc import Mapping

from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.recorder import RecorderConfig
from framebus.config.snapshot import SnapshotConfig
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.connection_limits import ConnectionLimits
from gateway.net.progress import STALLED_RESPONSES

REFUSED = (
    "requests refused",
    "requests failed",
    "malformed requests",
    "connections refused",
    "connections not taken",
    "failed logins",
    STALLED_RESPONSES,
)
"""Everything that a gateway refuses; what has not happened yet is 0, not absent."""


class LimitMetrics:
    """The limits, and the counters as they are at each request."""

    def __init__(self, limits: Mapping[str, float], connections: ConnectionLimits, losses: RateLimitedLog) -> None:
        """`limits` are those of `configured_limits`."""
        self.limits = limits
        self.connections = connections
        self._losses = losses

    def refused(self) -> dict[str, int]:
        """How much was refused since the worker started."""
        return {what: self._losses.total[what] for what in REFUSED}


def configured_limits(
    gateway: GatewayConfig, snapshot: SnapshotConfig, recorder: RecorderConfig, cameras: Mapping[str, CameraConfig]
) -> dict[str, float]:
    """The limits, by the table and the key that set them."""
    keys = ("max_viewers", "max_connections", "max_per_address", "max_request_kb", "request_timeout")
    limits: dict[str, float] = {f"gateway.{key}": getattr(gateway, key) for key in (*keys, "stills_per_second")}
    for key in ("history", "history_mb", "cache_mb", "max_requests"):
        limits[f"snapshot.{key}"] = getattr(snapshot, key)
    if any(camera.record_modes for camera in cameras.values()):
        for key in ("keep_days", "keep_gb", "leave_free_gb", "buffer_mb"):
            limits[f"recorder.{key}"] = getattr(recorder, key)
    for name, camera in cameras.items():
        if camera.record_modes:
            for key in ("record_fps", "pre_roll", "pre_roll_mb"):
                limits[f"camera.{name}.{key}"] = getattr(camera, key)
        limits[f"camera.{name}.max_frame_mb"] = camera.max_frame_mb
        limits[f"camera.{name}.max_megapixels"] = camera.max_megapixels
    return limits
