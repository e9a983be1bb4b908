"""Tells light from things: where the background is seen in what differs from it, only the light on it has changed.

Who walks in the sun has a shadow, often larger than the person. Both together look like a light that grows; so the
shadow is cut off before things are looked for.
"""

import numpy as np

from recorder.motion.arrays import Mask, Values
from recorder.motion.background import Background, smooth

ALIKE = 0.8
"""How much the steps between pixels must be like those of the background, where 1 is alike but for their height."""
CLEAR_STEPS = 2.0
"""As many times the noise of the pixels the steps must have, on average: otherwise they tell nothing."""
EDGE_PIXELS = 3
"""So far from where the background is seen, its steps are mixed with those at the edge of the shadow."""
RATIO_TOLERANCE = 0.08
"""Of the brightness, around that of the light nearby."""
LEAST_BRIGHTNESS = 4.0
"""Grey levels that are added to both brightnesses before they are compared."""


def things(mask: Mask, seen: Background) -> Mask:
    """Return the pixels of a mask in which not only the light has changed."""
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    if not len(rows):
        return mask
    reach = EDGE_PIXELS + 1
    part = (
        slice(max(0, int(rows[0]) - reach), int(rows[-1]) + reach + 1),
        slice(max(0, int(columns[0]) - reach), int(columns[-1]) + reach + 1),
    )
    inside = mask[part]
    if min(inside.shape) < 2:
        return mask
    picture, expected = seen.picture[part], seen.expected[part]
    lit = _lit(picture, expected, seen.usual[part]) & inside
    if not lit.any():
        return mask
    ratio = (picture + np.float32(LEAST_BRIGHTNESS)) / (expected + np.float32(LEAST_BRIGHTNESS))
    here = lit.astype(np.float32)
    around = _spread(here)
    usual = _spread(ratio * here) / np.maximum(around, np.float32(1e-6))
    low = np.minimum(usual, 1) - np.float32(RATIO_TOLERANCE)
    high = np.maximum(usual, 1) + np.float32(RATIO_TOLERANCE)
    like_it = (around > 0) & (ratio > low) & (ratio < high)
    found = mask.copy()
    found[part] = inside & ~lit & ~like_it
    return found


def _lit(picture: Values, expected: Values, usual: Values) -> Mask:
    """Where the steps between pixels are those of the background, whatever the light on it."""
    product, here, there = (np.zeros_like(picture) for _ in range(3))
    for axis in (0, 1):
        seen, known = np.diff(picture, axis=axis), np.diff(expected, axis=axis)
        to = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        product[to] += seen * known
        here[to] += seen * seen
        there[to] += known * known
    product, here, there = smooth(smooth(product)), smooth(smooth(here)), smooth(smooth(there))
    noise = usual * np.float32(CLEAR_STEPS)
    lit: Mask = (product > 0) & (product * product > np.float32(ALIKE**2) * here * there) & (there > noise * noise)
    return lit


def _spread(values: Values) -> Values:
    """The sum over the pixels that are at most EDGE_PIXELS away in either direction, divided by a constant."""
    for _ in range(EDGE_PIXELS):
        values = smooth(values)
    return values
