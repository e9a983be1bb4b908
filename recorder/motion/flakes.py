"""Takes snow out of pictures: a flake is elsewhere in each, and not in the middle one of three."""

import numpy as np

from recorder.motion.arrays import Mask, Values

SPIKE = 16.0
"""Grey levels by which a pixel differs from the middle one of three pictures, where a flake was seen. Drops of rain are
weaker, once `smooth` has spread them."""
SPIKES_SHARE = 0.004
"""Share of the pixels that show flakes: more of them, in most pictures, are snow. Leaves and a camera that shakes make
fewer, or not in most pictures."""
BANDS = 3
"""The picture is looked at in so many rows of as many parts."""
PARTS = 6
"""In so many of them must flakes be: somebody who runs past is in fewer."""
VOTE = 0.06
"""How much one picture changes the share of pictures that tell of snow."""
BEGINS, ENDS = 0.8, 0.2
BRIGHT_SHARE = 0.85
"""Of the pixels that show flakes, so many are brighter than what is behind them, where no flake is darker than that.
Before the sky flakes look dark."""

UPRIGHT_PIXELS = 12
"""So tall are people who are to be found, and few flakes."""
UPRIGHT_COLUMNS = 2
_SHIFTS = (1, 2, 4, 4)
"""Rows by which what is tall is shifted over itself, to find where UPRIGHT_PIXELS are one above the other."""


class Flakes:
    """Remembers the last pictures; all have the same size."""

    def __init__(self) -> None:
        """Know no picture yet."""
        self._earlier: Values | None = None
        self._last: Values | None = None
        self._votes = 0.0
        self.falling = False
        """Whether snow falls."""
        self._bright_share = 0.0

    @property
    def are_bright(self) -> bool:
        """Whether flakes are brighter than what is behind them."""
        return self._bright_share > BRIGHT_SHARE

    def without(self, picture: Values) -> Values:
        """Return the picture; while snow falls, each pixel as the middle one of this picture and the two before.

        Who walks slowly or is near is seen in two of them and stays, one picture late.
        """
        earlier, last = self._earlier, self._last
        self._earlier, self._last = last, picture
        if earlier is None or last is None:
            return picture
        low, high = np.minimum(earlier, last), np.maximum(earlier, last)
        middle: Values = np.maximum(low, np.minimum(high, picture))
        brighter = last - middle
        spikes = np.abs(brighter) > np.float32(SPIKE)
        is_snowy = _is_snowy(spikes)
        if is_snowy:
            bright = np.count_nonzero(brighter > np.float32(SPIKE)) / np.count_nonzero(spikes)
            self._bright_share += (bright - self._bright_share) * VOTE
        self._votes += VOTE if is_snowy else -VOTE
        self._votes = min(1.0, max(0.0, self._votes))
        self.falling = self._votes > (ENDS if self.falling else BEGINS)
        return middle if self.falling else picture


def upright(mask: Mask) -> Mask:
    """The parts of a mask that are as tall as people: UPRIGHT_PIXELS by UPRIGHT_COLUMNS, without a gap."""
    starts = mask
    for step in _SHIFTS:
        starts = starts[:-step] & starts[step:]
    starts = starts[:, :-1] & starts[:, 1:]
    found = np.zeros_like(mask)
    if starts.any():
        rows, columns = starts.shape
        found[:rows, :columns] = starts
        found[:, 1:] |= found[:, :-1].copy()
        for step in _SHIFTS:
            found[step:] |= found[:-step].copy()
    return found


def _is_snowy(spikes: Mask) -> bool:
    if np.count_nonzero(spikes) <= SPIKES_SHARE * spikes.size:
        return False
    rows, columns = (np.arange(BANDS) * length // BANDS for length in spikes.shape)
    parts = np.logical_or.reduceat(np.logical_or.reduceat(spikes, rows, axis=0), columns, axis=1)
    return int(np.count_nonzero(parts)) >= PARTS
