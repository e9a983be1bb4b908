"""The body of a request that has to be a JSON object."""

from typing import Any

import msgspec
from tornado.httputil import HTTPServerRequest

from gateway.net.errors import HttpError


def json_object(request: HTTPServerRequest, what: str) -> dict[str, Any]:
    """Read the body.

    Args:
        request: with the body.
        what: completes "a JSON object of …" in error texts.

    Raises:
        HttpError: it is not a JSON object, or of a type that a form of any page can send.
    """
    headers = request.headers
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    if kind != "application/json":
        raise HttpError(415, "wrong-type", f"body of type {kind[:60] or 'unknown'}; allowed: application/json")
    if "Content-Length" not in headers and "Transfer-Encoding" not in headers:
        raise HttpError(411, "no-body", f"a request without Content-Length; allowed: a JSON object of {what}")
    try:
        return msgspec.json.decode(request.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HttpError(400, "bad-request", f"the body is no JSON object of {what}: {error}") from None
