"""Where the files are that the settings show and change."""

from pathlib import Path

import msgspec


class Places(msgspec.Struct, frozen=True):
    """Paths of one framebus."""

    config: Path | None
    """framebus.toml as its owner edits it; None without one."""
    run_dir: Path
    state_dir: Path
    secrets: Path
