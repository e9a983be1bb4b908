"""When each token was used last, in a file of state_dir: gateways write it now and then, `framebus token` shows it."""

from pathlib import Path

import msgspec

from framebus.runtime.atomic_write import PRIVATE, write_atomically

FILE = "tokens-used.json"


def last_used(state_dir: Path) -> dict[str, float]:
    """Unix seconds of the last use, by the names of the tokens; nothing where it was not kept, or cannot be read."""
    try:
        return msgspec.json.decode((state_dir / FILE).read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def keep(state_dir: Path, used: dict[str, float], known: set[str]) -> None:
    """Add these to what is kept, and forget all that are not `known`. Raises OSError."""
    before = last_used(state_dir)
    merged = {name: max(used.get(name, 0), before.get(name, 0)) for name in known & (used.keys() | before.keys())}
    if merged != before:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(state_dir / FILE, msgspec.json.encode(merged), PRIVATE)
