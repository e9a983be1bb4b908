"""Changes one key in the text of framebus.toml; comments and everything else stay as they are.

The changed text is parsed and compared to what was wanted: a file that is written in an unusual way is refused, not
damaged.
"""

import copy
import json
import re
import tomllib
from typing import Any


class EditError(ValueError):
    """The text cannot be changed safely."""


def with_key(text: str, table: str, key: str, value: str | bool | int) -> str:
    """The text with one key of a table set.

    Args:
        text: TOML.
        table: A table at the top, such as `gateway`; it is added if it is missing.
        key: The key in it; its line is replaced, or added below the table's header.
        value: Its new value.

    Raises:
        EditError: The text is no TOML, or is written in a way that this function does not understand.
    """
    wanted = _parsed(text)
    tables = wanted.setdefault(table, {})
    if not isinstance(tables, dict):
        raise EditError(f"{table} is no table")
    if tables.get(key) == value and key in tables:
        return text
    tables[key] = value
    changed = _changed(text, table, f"{key} = {json.dumps(value, ensure_ascii=False)}", key)
    try:
        if tomllib.loads(changed) == wanted:
            return changed
    except tomllib.TOMLDecodeError:
        pass
    raise EditError(f"{key} in [{table}] is written in an unusual way")


def _parsed(text: str) -> dict[str, Any]:
    try:
        return copy.deepcopy(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"not valid TOML: {error}") from None


def _changed(text: str, table: str, line: str, key: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    header = re.search(rf"^[ \t]*\[[ \t]*{re.escape(table)}[ \t]*\][ \t]*(#[^\r\n]*)?\r?$", text, flags=re.M)
    if header is None:
        return f"{text.rstrip()}{newline * 2 if text.strip() else ''}[{table}]{newline}{line}{newline}"
    following = re.compile(r"^[ \t]*\[", flags=re.M).search(text, header.end())
    end = following.start() if following else len(text)
    body = text[header.end() : end]
    assignment = re.compile(
        rf"""^([ \t]*){re.escape(key)}[ \t]*=[ \t]*("[^"\r\n]*"|'[^'\r\n]*'|[^\s#]+)([ \t]*(#[^\r\n]*)?)\r?$""", re.M
    )
    found = assignment.search(body)
    if found is None:
        body = f"{newline}{line}{body}"
    else:
        ending = "\r" if found[0].endswith("\r") else ""
        body = f"{body[: found.start()]}{found[1]}{line}{found[3]}{ending}{body[found.end() :]}"
    return text[: header.end()] + body + text[end:]
