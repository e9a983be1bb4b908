"""TOML tables into msgspec structs, with every mistake collected instead of the first one raised.

msgspec stays the judge of types and ranges: each key is converted on its own, by the annotation of the struct's field.
A type of our own is one with a `parse`, which takes the string and raises ValueError, its text what is allowed.
"""

from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from framebus.config.shown_url import shown as shown_url

StructT = TypeVar("StructT", bound=msgspec.Struct)


class ConfigProblems:
    """The problems of one file, in the order in which they were found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: list[str] = []

    def add(self, key: str, found: Any, allowed: str) -> None:
        """Note that the value of a key will not do."""
        self._note(f"{self.file}: {key}: found {_shown(found)}; allowed: {allowed}")

    def unknown(self, key: str, allowed: list[str]) -> None:
        """Note an unknown key."""
        parent, _, name = key.rpartition(".")
        self._note(
            f"{self.file}: {key}: found a key unknown to framebus; allowed{f' in [{parent}]' if parent else ''}: "
            f"{', '.join(allowed)}{did_you_mean(name, allowed)}"
        )

    def _note(self, line: str) -> None:
        """A string of TOML may hold line ends and escape sequences of terminals: they are shown as their escapes."""
        self.lines.append("".join(map(_printable, line)))


def convert_table(table: Any, kind: type[StructT], where: str, mistakes: ConfigProblems) -> StructT:
    """Build `kind` from a TOML table; a key with a mistake keeps its default, so that the rest can be judged too.

    `where` is the table's own path in the file, such as `camera.front`.
    """
    if not isinstance(table, dict):
        mistakes.add(where, table, f"a table: [{where}]")
        return kind()
    hints = get_type_hints(kind, include_extras=True)
    values: dict[str, Any] = {}
    for key, value in table.items():
        path = f"{where}.{key}"
        if key not in hints:
            mistakes.unknown(path, sorted(hints))
            continue
        try:
            values[key] = _convert(value, hints[key])
        except ValueError as error:
            mistakes.add(path, _without_secrets(value, hints[key]), str(error))
    return kind(**values)


def _without_secrets(value: Any, hint: Any) -> Any:
    """The value as an error text may quote it: a type that may hold a password says by `shown` what is left of it."""
    shown = next((kind.shown for kind in (hint, *get_args(hint)) if hasattr(kind, "shown")), None)
    return shown(value) if shown is not None and isinstance(value, str) else value


def did_you_mean(found: str, allowed: list[str]) -> str:
    """`; did you mean "size"?` for a near miss, else nothing."""
    from difflib import get_close_matches  # only a mistake pays for this import

    near = get_close_matches(found, allowed, n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def _convert(value: Any, hint: Any) -> Any:
    """The value as the annotation wants it. Raises ValueError, its text what is allowed."""
    parsed = next((kind for kind in (hint, *get_args(hint)) if hasattr(kind, "parse")), None)
    if parsed is not None:
        return parsed.parse(value if isinstance(value, str) else "")
    try:
        return msgspec.convert(value, hint)
    except msgspec.ValidationError:
        raise ValueError(_allowed(hint)) from None


def _allowed(hint: Any) -> str:
    """What the annotation says is allowed."""
    if get_origin(hint) is Annotated:
        return next(str(note.description) for note in get_args(hint)[1:] if isinstance(note, msgspec.Meta))
    return "true or false" if hint is bool else "a string"


def _printable(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _shown(value: Any, most: int = 80) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str) and "://" in value and "@" in value:  # the URL of a camera under another key
        value = shown_url(value)
    try:
        text = f'"{value}"' if isinstance(value, str) else str(value)
    except ValueError:  # Python prints no integer of more than some thousand digits
        return "a number of thousands of digits"
    return text if len(text) <= most else text[:most] + "…"
