"""Where the files are that the settings show and change."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Paths of one framebus."""

    config: Path | None
    """framebus.toml as its owner edits it; None without one."""
    run_dir: Path
    state_dir: Path
    secrets: Path
