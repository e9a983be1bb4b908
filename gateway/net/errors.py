"""Errors over HTTP, as a status, a code for programs and a sentence for people; and the headers for other sites."""

from tornado.httputil import HTTPHeaders
from tornado.web import HTTPError

from framebus.errors import FramebusError
from gateway.net.origin import is_listed

RETRY_AFTER_SECONDS = 1


class HttpError(FramebusError, HTTPError):
    """A request that is refused, and why."""

    def __init__(self, status: int, code: str, message: str, retry_after_seconds: float | None = None) -> None:
        """`retry_after_seconds` is for clients that are refused for now (503, 429)."""
        super().__init__(status, None)
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


def wants_json(path: str, accept: str) -> bool:
    """Whether the client asks for JSON, by the path or in its Accept header."""
    return path.startswith("/api/") or "application/json" in accept


EXPOSED_HEADERS = "Age, Content-Disposition, Content-Range, ETag, Retry-After, X-Camera, X-Height, X-Timestamp, X-Width"
"""Headers of ours that another site's scripts may read, beside those that the Fetch standard names."""
REQUEST_HEADERS = "Authorization, Cache-Control, Content-Type, If-None-Match, Pragma, Range, X-Requested-With"
"""Headers that another site's scripts may send."""
PREFLIGHT_SECONDS = 7200
"""How long a browser may remember a preflight: the longest that Chromium does."""


def cors(allowed: list[str], origin: str | None) -> dict[str, str]:
    """The headers with which a browser lets scripts of that origin read the answer (Fetch standard, "CORS").

    Args:
        allowed: `allow_origins` of the configuration.
        origin: the Origin header of the request.
    """
    if "*" in allowed:
        return {"Access-Control-Allow-Origin": "*"}
    if not allowed:
        return {}
    if not origin or not is_listed(origin, allowed):
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}


def preflight(allowed: list[str], headers: HTTPHeaders, methods: list[str]) -> dict[str, str]:
    """The headers that answer a preflight (Fetch standard, "CORS-preflight request"), beside those of `cors`.

    Empty for a request that is none, or comes from an origin that is not allowed.
    """
    origin = headers.get("Origin", "")
    if "Access-Control-Request-Method" not in headers or not ("*" in allowed or is_listed(origin, allowed)):
        return {}
    answer = {
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": REQUEST_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
    if headers.get("Access-Control-Request-Private-Network") == "true":
        answer["Access-Control-Allow-Private-Network"] = "true"
    return answer
