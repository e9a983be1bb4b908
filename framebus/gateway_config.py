"""What the [gateway] table of framebus.toml may say, and the defaults."""

from typing import Annotated

import msgspec

from framebus.address import Address


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The [gateway] table."""

    listen: Address = Address("127.0.0.1", 8080)
    allow_anonymous: bool = False
    allow_origins: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"\A(\*|https?://[A-Za-z0-9._\[\]:-]+)\Z")]],
        msgspec.Meta(description='a list of origins such as ["https://home.example"]; ["*"] is every one'),
    ] = []
    max_viewers: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")] = 1000
    max_connections: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")] = (
        2000
    )
    max_per_address: Annotated[int, msgspec.Meta(ge=1, le=100_000, description="a whole number from 1 to 100000")] = 100
    max_request_kb: Annotated[int, msgspec.Meta(ge=1, le=16_384, description="KB, a whole number from 1 to 16384")] = 64
    request_timeout: Annotated[
        float, msgspec.Meta(ge=1, le=3600, description="seconds, at least 1 and at most 3600")
    ] = 20
    stills_per_second: Annotated[
        float, msgspec.Meta(gt=0, le=10_000, description="requests a second, more than 0 and at most 10000")
    ] = 30
    snapshot_timeout: Annotated[float, msgspec.Meta(gt=0, le=60, description="seconds, more than 0 and at most 60")] = 5
    workers: Annotated[int, msgspec.Meta(ge=1, le=32, description="a whole number from 1 to 32")] = 1
