"""Changes keys and tables in the text of framebus.toml; comments and everything else stay as they are.

tomlkit writes the keys of a table. The changed text is parsed and compared to what was wanted: a file that it would
damage is refused. tomlkit is imported only where it is used: 42 ms on a desktop, which every command would pay.
"""

import copy
import re
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tomlkit.items import Table

Value = str | bool | int | float


class EditError(ValueError):
    """The text cannot be changed safely."""


def with_key(text: str, table: str, key: str, value: Value) -> str:
    """The text with one key of a table set; see `with_keys`."""
    return with_keys(text, table, {key: value})


def with_keys(text: str, table: str, values: Mapping[str, Value | None]) -> str:
    """The text with keys of a table set or removed.

    Args:
        text: TOML.
        table: A table, such as `gateway` or `camera.front`; it is added at the end if it is missing.
        values: The new value of each key; the old one is replaced, or the key is added at the end of the table. None
            removes the key.

    Raises:
        EditError: The text is no TOML, or is written in a way that tomlkit does not understand.
    """
    before = _parsed(text)
    wanted = copy.deepcopy(before)
    entries = _entries(wanted, table)
    for key, value in values.items():
        if value is None:
            entries.pop(key, None)
        else:
            entries[key] = value
    if wanted == before and all(_is_same(_entries(before, table).get(key), value) for key, value in values.items()):
        return text
    if not _has(before, table) and "." in table:
        return _checked(_with_table(text, table, values), wanted, table)
    from tomlkit.exceptions import TOMLKitError

    is_crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    try:
        changed = _changed(text.replace("\r\n", "\n") if is_crlf else text, table, values)
    except TOMLKitError:
        raise EditError(f"{', '.join(values)} in [{table}] is written in an unusual way") from None
    changed = changed.replace("\n", "\r\n") if is_crlf else changed  # tomlkit ends its own lines with \n
    return _checked(changed, wanted, table, ", ".join(values))


def without_table(text: str, table: str) -> str:
    """The text without a table and the tables in it. Comments above its header stay.

    Args:
        text: TOML.
        table: A table below another one, such as `camera.front`.

    Raises:
        EditError: The text is no TOML, has no such table, or has it in an unusual way.
    """
    wanted = _parsed(text)
    parent, _, name = table.rpartition(".")
    if not _has(wanted, table):
        raise EditError(f"there is no [{table}]")
    _entries(wanted, parent).pop(name)
    if not _entries(wanted, parent):
        _entries(wanted, parent.rpartition(".")[0]).pop(parent.rpartition(".")[2])
    kept: list[str] = []
    inside: list[str] = []
    removing = False
    for line in text.splitlines(keepends=True):
        if line.lstrip().startswith("["):
            was_removing, removing = removing, _is_header(line, table)
            if was_removing and not removing:
                kept += _about_the_next(inside)
            inside = []
        (inside if removing else kept).append(line)
    return _checked("".join(kept), wanted, table)


def _about_the_next(lines: list[str]) -> list[str]:
    """The comments and blank lines at the end of a table: they are about the one that follows."""
    at = len(lines)
    while at > 0 and (not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#")):
        at -= 1
    return lines[at:]


def _is_header(line: str, table: str) -> bool:
    """Whether a line begins this table, or one in it."""
    words = (rf"""["']?{re.escape(word)}["']?""" for word in table.split("."))
    return re.match(r"\s*\[{1,2}\s*" + r"\s*\.\s*".join(words) + r"\s*[\].]", line) is not None


def _entries(tables: dict[str, Any], table: str) -> dict[str, Any]:
    """The table, which is made if it is missing; the empty name means the whole file."""
    found = tables
    for name in filter(None, table.split(".")):
        entry = found.setdefault(name, {})
        if not isinstance(entry, dict):
            raise EditError(f"{table} is no table")
        found = entry
    return found


def _has(tables: Mapping[str, Any], table: str) -> bool:
    found: Any = tables
    for name in table.split("."):
        if not isinstance(found, dict) or name not in found:
            return False
        found = found[name]
    return True


def _is_same(found: object, wanted: object) -> bool:
    """Whether a value stays as it is written: 1, 1.0 and true are equal."""
    return found == wanted and type(found) is type(wanted)


def _with_table(text: str, table: str, values: Mapping[str, Value | None]) -> str:
    """The text with a new table behind its last line, so that no comment changes its place."""
    import tomlkit

    end = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{key} = {tomlkit.item(value).as_string()}" for key, value in values.items() if value is not None]
    body = text.rstrip("\r\n")
    return end.join([*([body, ""] if body else []), f"[{table}]", *lines, ""])


def _checked(changed: str, wanted: dict[str, Any], table: str, keys: str = "") -> str:
    """The changed text, if it says what is wanted."""
    try:
        if tomllib.loads(changed) == wanted:
            return changed
    except tomllib.TOMLDecodeError:
        pass
    raise EditError(
        f"{keys} in [{table}] is written in an unusual way" if keys else f"[{table}] is in an unusual place"
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"not valid TOML: {error}") from None


def _changed(text: str, table: str, values: Mapping[str, Value | None]) -> str:
    import tomlkit
    from tomlkit.items import AbstractTable, Table

    document = tomlkit.parse(text)
    entries: Any = document
    for name in table.split("."):
        if name not in entries:
            entries.add(name, tomlkit.table())
        entries = entries[name]
    for key, value in values.items():
        if value is None:
            if key in entries:
                del entries[key]
        elif isinstance(entries, Table) and key not in entries:
            _append(entries, key, value)
        elif isinstance(entries, dict | AbstractTable):
            entries[key] = value
    changed: str = tomlkit.dumps(document)
    return changed


def _append(entries: "Table", key: str, value: Value) -> None:
    """Add a key behind the last one: the lines before the next table's header are about that one."""
    from tomlkit.items import Comment, Whitespace

    body = entries.value.body
    below: list[Comment | Whitespace] = []
    while body and body[-1][0] is None and isinstance(item := body[-1][1], Comment | Whitespace):
        below.insert(0, item)
        body.pop()
    entries.append(key, value)
    for line in below:
        entries.add(line)
