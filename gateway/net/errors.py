"""What a client is told instead of what it asked for: a status, a code for programs, a sentence for people."""

from tornado.web import HTTPError

from framebus.errors import FramebusError

RETRY_AFTER_SECONDS = 1


class HttpError(FramebusError, HTTPError):
    """A request that cannot be served, and why."""

    def __init__(self, status: int, code: str, message: str, retry_after_seconds: float | None = None) -> None:
        """Who is refused for now (503, 429) is told after how many seconds to ask again."""
        super().__init__(status, None)
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


def wants_json(path: str, accept: str) -> bool:
    """Whether the client asks for JSON, by the path or in its Accept header."""
    return path.startswith("/api/") or "application/json" in accept


def cors(allowed: list[str], origin: str | None) -> dict[str, str]:
    """The headers with which a browser lets scripts of that origin read the answer (Fetch standard, "CORS")."""
    if "*" in allowed:
        return {"Access-Control-Allow-Origin": "*"}
    if not allowed:
        return {}
    found = {"Vary": "Origin"}
    return {**found, "Access-Control-Allow-Origin": origin} if origin in allowed and origin else found
