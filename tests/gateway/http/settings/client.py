"""Requests to /api/settings as the page sends them."""

import json
from typing import Any

from tests.gateway.access.accounts_site import PASSWORD, basic
from tests.gateway.conftest import Site

ADMIN = basic("anna", PASSWORD)


async def call(
    site: Site, method: str, path: str = "", body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """The status and the answer; of a refusal its error."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = None if body is None else json.dumps(body)
    if sent is not None:
        named.setdefault("Content-Type", "application/json")
    answer = await site.get(
        f"/api/settings{path}", method=method, body=sent, headers=named, allow_nonstandard_methods=True
    )
    content: dict[str, Any] = json.loads(answer.body)
    return answer.code, content.get("error", content)
