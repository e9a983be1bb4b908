"""What was wrong with the pictures of a camera and was corrected: counted, and logged once for each kind."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

logger = logging.getLogger("framebus")


class Repairs:
    """Counts the repairs of one camera's pictures since the process began."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()

    def note(self, camera: str, repairs: Mapping[str, int] | Iterable[str]) -> None:
        """Add repairs, and log those of a kind that was not seen before. `camera` holds no secret."""
        for repair in repairs:
            if repair not in self.total:
                logger.warning("%s: its pictures are not as they should be: %s; said only once", camera, repair)
        self.total.update(repairs)


def described(repairs: Mapping[str, int]) -> str:
    """The repairs in one line, the most frequent first; empty when there were none."""
    return ", ".join(f"{repair} ({count} times)" for repair, count in Counter(repairs).most_common())
