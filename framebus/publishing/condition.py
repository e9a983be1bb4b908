"""The condition of a camera, as its status tells it."""

import msgspec

from framebus.protocol.wire import State


class Condition(msgspec.Struct, frozen=True):
    """What a status says of the camera behind the endpoint."""

    state: State
    reason: str
    source: str
    dropped: int = 0
    bad: int = 0
