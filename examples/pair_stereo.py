"""Pairs the frames of two cameras by the moment at which their sensors took them: python pair_stereo.py left right."""

import sys

import numpy

from framebus import Subscriber, together

WITHIN_SECONDS = 0.03
"""Without a common trigger, two cameras at 30 fps are up to half a period apart."""


def main(left: str, right: str) -> None:
    """Print how far apart the frames of each pair are, and how much they differ, until interrupted."""
    with Subscriber(left, queue=8) as one, Subscriber(right, queue=8) as other:
        for first, second in together(one, other, within=WITHIN_SECONDS):
            apart_ms = (second.monotonic - first.monotonic) * 1000
            grey = [frame.decode(scale=8, grey=True).astype(numpy.int16) for frame in (first, second)]
            same_size = grey[0].shape == grey[1].shape
            difference = f"{numpy.abs(grey[0] - grey[1]).mean():.1f}" if same_size else "unknown"
            print(f"pair {first.seq} and {second.seq}: {apart_ms:+.1f} ms apart, difference {difference}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
