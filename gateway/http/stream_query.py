"""What the URL of a stream may ask for: how wide its pictures are to be, and how many a second. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from framebus.protocol.wire import MAX_PIXELS
from gateway.net.errors import HttpError
from gateway.viewers.camera_watch import Wanted

MIN_FPS = 0.001
MAX_FPS = 240

Width = Annotated[float, msgspec.Meta(ge=1, le=MAX_PIXELS, description=f"pixels, a number from 1 to {MAX_PIXELS}")]
Fps = Annotated[
    float, msgspec.Meta(ge=MIN_FPS, le=MAX_FPS, description=f"frames a second, a number from {MIN_FPS} to {MAX_FPS}")
]

Adapt = Annotated[
    bool, msgspec.Meta(description="1 for frames that get smaller where the link is too slow, 0 for none")
]


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters; others are ignored."""

    width: Width | None = None
    fps: Fps | None = None
    adapt: Adapt = False

    @property
    def wanted(self) -> Wanted:
        """The same for a viewer."""
        return Wanted(self.width, self.fps, adapt=self.adapt)


_ALLOWED: Mapping[str, Any] = {"width": Width, "fps": Fps, "adapt": Adapt}


def parse_query(query: Mapping[str, str]) -> StreamQuery:
    """Read the parameters of a URL.

    Args:
        query: names and values; an empty value is as good as none.

    Raises:
        HttpError: a value is not allowed.
    """
    values = {}
    for name, hint in _ALLOWED.items():
        if found := query.get(name, ""):
            try:
                values[name] = msgspec.convert(found, hint, strict=False)
            except (msgspec.ValidationError, ValueError, OverflowError):
                (meta,) = hint.__metadata__
                raise HttpError(
                    400, "bad-request", f"{name}: found {found[:40]!r}; allowed: {meta.description}"
                ) from None
    return StreamQuery(**values)
