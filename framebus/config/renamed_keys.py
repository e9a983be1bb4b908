"""Keys of framebus.toml that have another name now: the old one is understood for one version, with a warning."""

from collections.abc import Iterator, Mapping
from typing import Any

RENAMED: Mapping[str, str] = {}
"""The new name of each key that was renamed, such as {"camera.*.rate": "fps"}; `*` is any camera. The version after the
one that renamed a key drops its entry."""


def with_new_names(
    table: Mapping[str, Any], file: str, renamed: Mapping[str, str] = RENAMED
) -> tuple[dict[str, Any], list[str]]:
    """Give renamed keys their new names. An old name beside the new one stays, and is a mistake.

    Args:
        table: The content of the file; it is not changed.
        file: The file, for the warnings.
        renamed: The old and the new names.

    Returns:
        The content with the new names, and a warning for each old one.
    """
    changed, warnings = dict(table), []
    for old, new in renamed.items():
        place, _, key = old.rpartition(".")
        for path, owner in list(_tables(changed, place.split(".") if place else [])):
            if key in owner and new not in owner:
                entries = [(new if name == key else name, value) for name, value in owner.items()]
                owner.clear()
                owner.update(entries)
                warnings.append(
                    f"{file}: {'.'.join([*path, key])}: is called {new} now; "
                    "rename it, as the next version of framebus refuses the old name"
                )
    return changed, warnings


def _tables(table: dict[str, Any], place: list[str], path: tuple[str, ...] = ()) -> Iterator[tuple[list[str], Any]]:
    """The tables at a place, each made a copy in its parent; `*` stands for every name."""
    if not place:
        yield list(path), table
        return
    names = list(table) if place[0] == "*" else [place[0]]
    for name in names:
        if isinstance(table.get(name), dict):
            table[name] = dict(table[name])
            yield from _tables(table[name], place[1:], (*path, name))
