"""The message of one gateway worker to the others: its viewers, and the statistics of its cameras. No sockets."""

from typing import Annotated, Final, Literal

import msgspec

from framebus.protocol.wire import (
    MAX_CAMERAS,
    MAX_RENDITIONS,
    CameraName,
    Code,
    Count,
    Pid,
    Seconds,
    ShortText,
    UnixSeconds,
)

AGE_BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Of the histogram of ages: Prometheus' own default bounds."""

MAX_AGES: Final = 64
MAX_WATCHING: Final = 200
"""Connections that one worker lists."""


class RenditionStats(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The part of a worker's statistics of a camera that concerns one rendition."""

    viewers: Count = 0
    sent: Count = 0
    sent_bytes: Count = 0


class CameraStats(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The statistics of one worker of the gateway for a camera; frames are counted since it started."""

    viewers: Count
    received: Count
    missed: Count
    sent: Count
    sent_bytes: Count = 0
    skipped_line: Count = 0
    """Frames that were not sent to a viewer because its connection was busy, counted for each viewer."""
    skipped_page: Count = 0
    """The same, because the page had not drawn earlier frames."""
    runs: Count = 0
    """Runs of the capture process that were seen."""
    ages: Annotated[list[Count], msgspec.Meta(max_length=MAX_AGES)] = []
    """Frames sent at an age of up to each of AGE_BOUNDS_SECONDS, and above the last."""
    age_seconds: Seconds = 0.0
    """The sum of their ages."""
    renditions: Annotated[dict[ShortText, RenditionStats], msgspec.Meta(max_length=MAX_RENDITIONS)] = {}
    """Those that were sent, by name; their frames are counted above as well."""


class Watching(msgspec.Struct, frozen=True, kw_only=True):
    """One connection that shows cameras. `user` is empty without an account, `cameras` while it shows none."""

    address: ShortText
    user: ShortText
    kind: Code
    since: UnixSeconds
    cameras: Annotated[list[CameraName], msgspec.Meta(max_length=MAX_CAMERAS)]


class ViewersHeader(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The viewers of one worker of the gateway: once a second and soon after a change, for the other workers.

    In the first line, the name of the worker takes the place of the camera.
    """

    v: Literal[1]
    pid: Pid
    viewers: Count
    """Connections; a page that shows two cameras is one here, and counts for both of them below."""
    cameras: Annotated[dict[CameraName, CameraStats], msgspec.Meta(max_length=MAX_CAMERAS)]
    watching: Annotated[list[Watching], msgspec.Meta(max_length=MAX_WATCHING)] = []
