"""What the [snapshot] table of framebus.toml may say, and the defaults."""

from typing import Annotated

import msgspec

from framebus.config.tcp_endpoint import TcpEndpoint

HISTORY_MEMORY_SHARE = 0.5
"""What the histories of all cameras may take of the available memory; clips and conversions need some as well."""


class SnapshotConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The [snapshot] table."""

    stale_after: Annotated[
        float, msgspec.Meta(gt=0, le=86400, description="seconds, more than 0 and at most 86400")
    ] = 10
    history: Annotated[
        float, msgspec.Meta(ge=0, le=3600, description="seconds from 0 (no history is kept) to 3600")
    ] = 0
    history_mb: Annotated[float, msgspec.Meta(gt=0, le=2000, description="MB, more than 0 and at most 2000")] = 64
    cache_mb: Annotated[float, msgspec.Meta(ge=0, le=2000, description="MB from 0 (none are kept) to 2000")] = 16
    max_requests: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")] = 1024
    listen: TcpEndpoint | None = None
    insecure_tcp: bool = False


def history_limit_mb(history_mb: float, cameras: int, available_mb: float) -> float:
    """Return how much history each camera may keep.

    Args:
        history_mb: what the configuration allows for each camera, in MB.
        cameras: how many cameras there are.
        available_mb: memory that the snapshot service can still take, in MB, with what the histories have taken.

    Returns:
        MB for each camera: `history_mb`, or less where all cameras together would take more than HISTORY_MEMORY_SHARE
        of the memory.
    """
    return min(history_mb, max(0.0, available_mb) * HISTORY_MEMORY_SHARE / max(1, cameras))


def history_fits(snapshot: SnapshotConfig, cameras: int, available_mb: float) -> bool:
    """Return whether the histories of all cameras can grow to `history_mb`; the arguments are as above."""
    return not snapshot.history or history_limit_mb(snapshot.history_mb, cameras, available_mb) >= snapshot.history_mb
