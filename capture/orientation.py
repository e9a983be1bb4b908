"""EXIF orientations (1 to 8), and the part of them that a camera performs by mirroring.

framebus.publishing.jpeg writes the number into a JPEG.
"""

import msgspec

# TIFF 6.0, tag Orientation: how the stored picture is turned to be seen upright, as (transposed, mirrored left to
# right, mirrored top to bottom), the transposition first.
_TURNS = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}
_NUMBERS = {turn: number for number, turn in _TURNS.items()}


def mirrored(orientation: int, *, hflip: bool, vflip: bool) -> int:
    """The orientation of a picture that is turned as `orientation` says, and then, as it is seen, mirrored."""
    transposed, across, down = _TURNS[orientation]
    return _NUMBERS[transposed, across != hflip, down != vflip]


class Flips(msgspec.Struct, frozen=True):
    """What a camera does itself, and the orientation that is left for the viewer."""

    hflip: bool
    vflip: bool
    orientation: int


def for_camera(orientation: int) -> Flips:
    """Split an orientation for a camera that can mirror both ways, and not transpose: quarter turns stay in EXIF."""
    transposed, across, down = _TURNS[orientation]
    return Flips(False, False, orientation) if transposed else Flips(across, down, 1)
