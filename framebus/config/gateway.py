"""What the [gateway] table of framebus.toml may say, and the defaults."""

from typing import Annotated

import msgspec

from framebus.config.address import Address
from framebus.credentials.accounts import Scope


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The [gateway] table."""

    listen: Address = Address("127.0.0.1", 8080)
    allow_anonymous: bool = False
    settings: bool = True
    tls_cert: Annotated[str | None, msgspec.Meta(description="the path of a PEM file")] = None
    tls_key: Annotated[str | None, msgspec.Meta(description="the path of a PEM file")] = None
    anonymous_scopes: Annotated[
        tuple[Scope, ...], msgspec.Meta(description='a list of "view", "snapshot", "recordings", "control" and "admin"')
    ] = ("view", "snapshot")
    session_days: Annotated[float, msgspec.Meta(gt=0, le=3650, description="days, more than 0 and at most 3650")] = 30
    allow_frames: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"\A(\*|https?://[A-Za-z0-9._\[\]:*-]+)\Z")]],
        msgspec.Meta(description='a list of origins such as ["https://home.example"]; ["*"] is every one'),
    ] = []
    trusted_proxies: Annotated[
        list[str], msgspec.Meta(description='a list of addresses or networks such as ["127.0.0.1", "10.0.0.0/8"]')
    ] = []
    allow_origins: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"\A(\*|https?://[A-Za-z0-9._\[\]:-]+)\Z")]],
        msgspec.Meta(description='a list of origins such as ["https://home.example"]; ["*"] is every one'),
    ] = []
    allow_hosts: Annotated[
        list[Annotated[str, msgspec.Meta(pattern=r"\A(\*|(\*\.)?[A-Za-z0-9._-]+)\Z")]],
        msgspec.Meta(description='a list of host names such as ["cam.example"]; "*.example" covers a domain, "*" all'),
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
