"""The condition of a camera, as its status tells it."""

from dataclasses import dataclass

from framebus.protocol.wire import State


@dataclass(frozen=True, slots=True)
class Condition:
    """What a status says of the camera behind the endpoint."""

    state: State
    reason: str
    source: str
    dropped: int = 0
    bad: int = 0
