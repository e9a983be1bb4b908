"""What all handlers share. The route table passes it to each of them."""

from collections.abc import Mapping

import msgspec

from framebus.config.camera import CameraConfig
from framebus.config.gateway import GatewayConfig
from gateway.access.access import Access
from gateway.cameras.event_feed import EventFeed
from gateway.cameras.exports import Exports
from gateway.cameras.recorder_client import RecorderClient
from gateway.cameras.recordings_reader import RecordingsReader
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.http.limit_metrics import LimitMetrics
from gateway.http.places import Places
from gateway.net.connection_limits import ConnectionLimits
from gateway.net.rate_limit import (
    MAX_CONCURRENT_CLIPS,
    MAX_CONCURRENT_DOWNLOADS,
    MAX_CONCURRENT_STILLS,
    ConcurrencyLimit,
    RateLimiter,
)

FIRST_FRAME_SECONDS = 2.0
"""How long a new viewer waits for a camera without a frame before it is refused."""


class Services(msgspec.Struct, frozen=True):
    """Everything that a handler may need, apart from its request."""

    settings: GatewayConfig
    places: Places
    camera_settings: Mapping[str, CameraConfig]
    """The [camera.NAME] tables by name."""
    cameras: CameraRegistry
    events: EventFeed
    stills: StillsClient
    recorder: RecorderClient
    recordings: RecordingsReader
    exports: Exports
    access: Access
    connections: ConnectionLimits
    limits: LimitMetrics
    still_rate: RateLimiter
    concurrent_stills: ConcurrencyLimit = msgspec.field(default_factory=lambda: ConcurrencyLimit(MAX_CONCURRENT_STILLS))
    concurrent_clips: ConcurrencyLimit = msgspec.field(
        default_factory=lambda: ConcurrencyLimit(MAX_CONCURRENT_CLIPS, limits_local=True)
    )
    concurrent_downloads: ConcurrencyLimit = msgspec.field(
        default_factory=lambda: ConcurrencyLimit(MAX_CONCURRENT_DOWNLOADS, limits_local=True)
    )
    first_frame_seconds: float = FIRST_FRAME_SECONDS
