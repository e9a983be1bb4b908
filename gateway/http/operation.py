"""One method of one path, as the description of the HTTP API has it."""

from collections.abc import Mapping
from typing import Any

import msgspec

JSON = "application/json"
OBJECT = {"type": "object"}


class Operation(msgspec.Struct, frozen=True):
    """What one method of a path does."""

    summary: str
    content: Mapping[str, Mapping[str, Any]] = msgspec.field(default_factory=dict)
    """Content type of a successful answer and its schema; empty for an answer without a body."""
    status: int = 200
    query: tuple[Mapping[str, Any], ...] = ()
    body: tuple[str, Mapping[str, Any]] | None = None
    """Content type and schema of the request's body."""
    errors: tuple[int, ...] = ()
    """Besides those that every operation with a permission has."""
