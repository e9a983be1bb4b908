"""Where the files are that the processes and supervisord start from: the checked copy, and the list of programs."""

from pathlib import Path

from framebus.config import checked_copy

CAMERAS = "cameras.conf"
"""What supervisord.conf includes."""
NEXT = ".next"
"""Behind the names of the files that a reload has written and supervisord has not put in force yet."""


class Files:
    """Where they are."""

    def __init__(self, copy: Path, cameras: Path) -> None:
        """Take their paths."""
        self.copy = copy
        self.cameras = cameras

    @classmethod
    def of(cls, run_dir: Path, suffix: str = "") -> "Files":
        """Those in force, or with NEXT as `suffix`, those of a reload."""
        return cls(run_dir / f"{checked_copy.FILE_NAME}{suffix}", run_dir / f"{CAMERAS}{suffix}")

    def replace(self, others: "Files") -> None:
        """Put these in the place of others. Raises OSError."""
        self.cameras.replace(others.cameras)
        self.copy.replace(others.copy)

    def remove(self) -> None:
        """Delete them, if they are there."""
        for file in (self.copy, self.cameras):
            file.unlink(missing_ok=True)
