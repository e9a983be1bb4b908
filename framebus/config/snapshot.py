"""What the [snapshot] table of framebus.toml may say, and the defaults."""

from typing import Annotated

import msgspec

from framebus.config.tcp_endpoint import TcpEndpoint


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
