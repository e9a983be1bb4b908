"""Which camera of a page is next, where the link carries fewer frames than there are. No sockets.

Cameras get their turns in the order in which they have waited, which gives all of them equally many pictures. The
camera that a person has enlarged goes first; the others share at least one turn in OTHERS_EVERY.
"""

from collections.abc import Iterable, Iterator

OTHERS_EVERY = 4


class FairOrder:
    """The cameras of one page, in the order of their turns."""

    def __init__(self) -> None:
        self.first: str | None = None
        """The camera that goes before the others; it need not be watched."""
        self._waiting: dict[str, None] = {}
        self._turns_of_first = 0

    def __len__(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the cameras: whose turn it is, then the one to take if that has nothing to send, and so on."""
        first = self.first if self.first in self._waiting else None
        others = [camera for camera in self._waiting if camera != first]
        if first is None:
            return iter(others)
        if self._turns_of_first >= OTHERS_EVERY - 1:
            return iter([*others, first])
        return iter([first, *others])

    def watch(self, cameras: Iterable[str]) -> None:
        """Take these cameras and no others; new ones go behind those that wait already."""
        wanted = dict.fromkeys(cameras)
        kept = {camera: None for camera in self._waiting if camera in wanted}
        self._waiting = {**kept, **wanted}

    def took(self, camera: str) -> None:
        """A camera had its turn."""
        if camera in self._waiting:
            del self._waiting[camera]
            self._waiting[camera] = None
        self._turns_of_first = self._turns_of_first + 1 if camera == self.first else 0
