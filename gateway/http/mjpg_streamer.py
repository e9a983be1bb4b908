"""The `action` of mjpg-streamer's URLs, such as /?action=snapshot_1. Pure: text in, what it means out."""

import re
from typing import Literal, cast

import msgspec

ACTION = re.compile(r"(stream|snapshot)(?:_([0-9]{1,3}))?(?![A-Za-z0-9_]).*", re.IGNORECASE | re.DOTALL)
"""mjpg-streamer looks for the beginning alone, and reads the number of the camera after the first "_"."""
ALLOWED = "stream and snapshot, with _N for the camera with that number, counted from 0"


class Action(msgspec.Struct, frozen=True):
    """What to answer with."""

    kind: Literal["stream", "snapshot"]
    number: int | None = None
    """Of the camera, in the order of the configuration, from 0; None for the first that the client may see."""


def parse_action(text: str) -> Action | None:
    """Read the value of `action`; None for one that is not served."""
    match = ACTION.fullmatch(text.strip())
    if match is None:
        return None
    kind = cast(Literal["stream", "snapshot"], match[1].lower())
    return Action(kind, int(match[2]) if match[2] else None)
