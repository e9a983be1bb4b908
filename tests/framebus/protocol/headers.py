"""What the tests of wire share."""

import json
from typing import Any

import msgspec
from hypothesis import strategies as st

from framebus.protocol import wire
from framebus.protocol.wire import (
    FrameHeader,
)

monotonic = st.floats(-wire.MAX_MONOTONIC_SECONDS, wire.MAX_MONOTONIC_SECONDS)


def json_of(header: FrameHeader, **changes: Any) -> bytes:
    """The header as JSON, with keys changed, or without those that become `...`."""
    found = {**json.loads(msgspec.json.encode(header)), **changes}
    return json.dumps({key: value for key, value in found.items() if value is not ...}).encode()
