"""The time line of some days of a camera."""

from functools import cached_property

from framebus.recordings.timeline import Segment


class LineOfDays:
    """The segments of some days without overlap, and those of each day by the folder that they lie in."""

    def __init__(self, made_of: list[list[Segment]], segments: list[Segment], days: tuple[str, ...]) -> None:
        """Hold what was found.

        Args:
            made_of: the segments of each day, which may overlap.
            segments: those of all days without overlap, in order.
            days: the names of their folders.
        """
        self.made_of = made_of
        self.segments = segments
        self._days = days

    @cached_property
    def of_days(self) -> dict[str, list[Segment]]:
        """Not needed for a list of spans, which many days are read for."""
        found: dict[str, list[Segment]] = {day: [] for day in self._days}
        for segment in self.segments:
            found[segment.path.parent.name].append(segment)
        return found
