"""What the handlers work with. Each gets it from the route table."""

from dataclasses import dataclass, field

from framebus.config.load import Config
from gateway.access.access import Access
from gateway.cameras.registry import CameraRegistry
from gateway.cameras.stills_client import StillsClient
from gateway.http.limit_metrics import Limits
from gateway.net.connection_limits import Connections
from gateway.net.rate_limit import MAX_CLIPS, MAX_UNDER_WAY, RateLimiter, UnderWay

FIRST_FRAME_SECONDS = 2.0
"""How long a new viewer waits for a camera without a frame before it is refused."""


@dataclass(frozen=True)
class Services:
    """Everything that a handler may need, apart from its request."""

    config: Config
    cameras: CameraRegistry
    stills: StillsClient
    access: Access
    connections: Connections
    limits: Limits
    still_rate: RateLimiter
    stills_under_way: UnderWay = field(default_factory=lambda: UnderWay(MAX_UNDER_WAY))
    clips_under_way: UnderWay = field(default_factory=lambda: UnderWay(MAX_CLIPS, limits_local=True))
    first_frame_seconds: float = FIRST_FRAME_SECONDS
