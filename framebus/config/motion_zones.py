"""The zones of a picture that count for motion: boxes in fractions of the picture, as it is shown."""

from typing import Annotated

import msgspec

from framebus.config.strict_toml import ConfigProblems

MAX_ZONES = 16
ZONES_ALLOWED = (
    f"a list of at most {MAX_ZONES} boxes [left, top, right, bottom] in fractions of the picture, such as "
    "[[0, 0.5, 1, 1]]"
)

Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Zone = Annotated[list[Fraction], msgspec.Meta(min_length=4, max_length=4)]
Zones = Annotated[list[Zone], msgspec.Meta(max_length=MAX_ZONES, description=ZONES_ALLOWED)]


def check_zones(key: str, zones: Zones, mistakes: ConfigProblems) -> None:
    """Note the boxes without an area.

    Args:
        key: the key of the configuration, with its table.
        zones: its value.
        mistakes: takes a sentence for each.
    """
    for left, top, right, bottom in zones:
        if left >= right or top >= bottom:
            shown = f"[{left:g}, {top:g}, {right:g}, {bottom:g}]"
            mistakes.add(key, shown, "boxes whose left is less than their right, and their top less than their bottom")
