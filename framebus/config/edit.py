"""Changes one key in the text of framebus.toml; comments and everything else stay as they are.

tomlkit writes the change. The changed text is parsed and compared to what was wanted: a file that it would damage is
refused. tomlkit is imported only where it is used: 42 ms on a desktop, which every command would pay.
"""

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tomlkit.items import Table


class EditError(ValueError):
    """The text cannot be changed safely."""


def with_key(text: str, table: str, key: str, value: str | bool | int) -> str:
    """The text with one key of a table set.

    Args:
        text: TOML.
        table: A table at the top, such as `gateway`; it is added if it is missing.
        key: The key in it; its value is replaced, or the key is added at the end of the table.
        value: Its new value.

    Raises:
        EditError: The text is no TOML, or is written in a way that tomlkit does not understand.
    """
    wanted = _parsed(text)
    entries = wanted.setdefault(table, {})
    if not isinstance(entries, dict):
        raise EditError(f"{table} is no table")
    if entries.get(key) == value and key in entries:
        return text
    entries[key] = value
    from tomlkit.exceptions import TOMLKitError

    is_crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    try:
        changed = _changed(text.replace("\r\n", "\n") if is_crlf else text, table, key, value)
        changed = changed.replace("\n", "\r\n") if is_crlf else changed  # tomlkit ends its own lines with \n
        if tomllib.loads(changed) == wanted:
            return changed
    except (TOMLKitError, tomllib.TOMLDecodeError):
        pass
    raise EditError(f"{key} in [{table}] is written in an unusual way")


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"not valid TOML: {error}") from None


def _changed(text: str, table: str, key: str, value: str | bool | int) -> str:
    import tomlkit
    from tomlkit.items import AbstractTable, Table

    document = tomlkit.parse(text)
    if table not in document:
        document.add(table, tomlkit.table())
    entries = document[table]
    if isinstance(entries, Table) and key not in entries:
        _append(entries, key, value)
    elif isinstance(entries, dict | AbstractTable):
        entries[key] = value
    changed: str = tomlkit.dumps(document)
    return changed


def _append(entries: "Table", key: str, value: str | bool | int) -> None:
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
