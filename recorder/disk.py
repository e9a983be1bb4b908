"""The folder of recordings as the recorder writes to it: whether it may, and why not. Small calls, each at once."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from recorder.segment_file import FOLDER_MODE

GB = 1_000_000_000


class DiskError(Exception):
    """Nothing can be written now; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder, and what has to be left free on its disk."""

    folder: Path
    leave_free_bytes: int
    mount_point: Path | None = None

    def check(self, wanted_bytes: int, first_device: int | None = None) -> int:
        """Make the folder if need be, and check that so many bytes may be written.

        Args:
            wanted_bytes: what is to be written.
            first_device: what this returned at first: the disk is not exchanged for that of the system meanwhile.

        Returns:
            The id of the disk.

        Raises:
            DiskError: Nothing may be written.
            OSError: The folder cannot be made or looked at.
        """
        if self.mount_point is not None and not os.path.ismount(self.mount_point):
            raise DiskError(f"nothing is mounted at {self.mount_point}")
        self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        device = self.folder.stat().st_dev
        if first_device is not None and device != first_device and device == Path("/").stat().st_dev:
            raise DiskError(f"the disk of {self.folder} was removed")
        free = self.free_bytes()
        if free - wanted_bytes < self.leave_free_bytes:
            raise DiskError(
                f"the disk of {self.folder} has {free / GB:.2f} GB free, and leave_free_gb is "
                f"{self.leave_free_bytes / GB:g}"
            )
        return device

    def free_bytes(self) -> int:
        """What a user other than root can still write. Raises OSError."""
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def free_files(self) -> float:
        """How many more files its file system takes; infinity where it does not say. Raises OSError."""
        status = os.statvfs(self.folder)
        return status.f_favail if status.f_files else math.inf
