"""Every limit of the configuration by its key, and what was refused, for /metrics. Other modules enforce the limits."""

from framebus.config.load import Config
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.net.connection_limits import Connections
from gateway.net.progress import LOST

REFUSED = (
    "requests refused",
    "requests failed",
    "malformed requests",
    "connections refused",
    "connections not taken",
    "failed logins",
    LOST,
)
"""Everything that a gateway refuses; what has not happened yet is 0, not absent."""


class Limits:
    """Reads the limits and counters at each request."""

    def __init__(self, config: Config, connections: Connections, losses: RateLimitedLog) -> None:
        self.connections = connections
        self._config = config
        self._losses = losses

    def allowed(self) -> dict[str, float]:
        """The limits, by the table and the key that set them."""
        gateway, snapshot = self._config.gateway, self._config.snapshot
        keys = ("max_viewers", "max_connections", "max_per_address", "max_request_kb", "request_timeout")
        limits: dict[str, float] = {f"gateway.{key}": getattr(gateway, key) for key in (*keys, "stills_per_second")}
        for key in ("history", "history_mb", "cache_mb", "max_requests"):
            limits[f"snapshot.{key}"] = getattr(snapshot, key)
        for name, camera in self._config.cameras.items():
            limits[f"camera.{name}.max_frame_mb"] = camera.max_frame_mb
            limits[f"camera.{name}.max_megapixels"] = camera.max_megapixels
        return limits

    def refused(self) -> dict[str, int]:
        """How much was refused since the worker started."""
        return {what: self._losses.total[what] for what in REFUSED}
