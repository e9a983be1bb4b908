"""When each token was last used: a file in state_dir that gateways write now and then and `framebus token` shows."""

from pathlib import Path

import msgspec

from framebus.runtime.atomic_write import PRIVATE, write_atomically

FILE = "tokens-used.json"


def last_used(state_dir: Path) -> dict[str, float]:
    """Read when tokens were last used.

    Returns:
        Unix seconds by the name of the token; empty if there is no such file, or it cannot be read.
    """
    try:
        return msgspec.json.decode((state_dir / FILE).read_bytes(), type=dict[str, float])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return {}


def save(state_dir: Path, used: dict[str, float], known: set[str]) -> None:
    """Store when tokens were last used; an earlier time than the stored one changes nothing.

    Args:
        state_dir: The folder of the file; created if it does not exist.
        used: Unix seconds by the name of the token.
        known: The tokens that exist; all others are removed from the file.

    Raises:
        OSError: The file cannot be written.
    """
    before = last_used(state_dir)
    merged = {name: max(used.get(name, 0), before.get(name, 0)) for name in known & (used.keys() | before.keys())}
    if merged != before:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(state_dir / FILE, msgspec.json.encode(merged), PRIVATE)
