"""What a client is told instead of what it asked for: a status, a code for programs, a sentence for people."""

import json
import math
from typing import Any

from tornado.web import HTTPError, RequestHandler

RETRY_AFTER_SECONDS = 1


class Refusal(HTTPError):
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


class Answering(RequestHandler):
    """Answers errors as JSON or as a line of text. Every handler of the gateway is one."""

    def set_default_headers(self) -> None:
        """Called by Tornado, which would name itself and its version."""
        self.set_header("Server", "framebus")
        for header, value in cors(self.settings.get("allow_origins", []), self.request.headers.get("Origin")).items():
            self.set_header(header, value)

    def compute_etag(self) -> str | None:
        """Called by Tornado, which would hash every picture."""
        return None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Called by Tornado, with the exception that ended the request."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        code, message, pause_seconds = "error", self._reason, None
        if isinstance(error, Refusal):
            code, message, pause_seconds = error.code, error.message, error.retry_after_seconds
        self.set_header("Cache-Control", "no-store")
        if status_code in (429, 503):
            self.set_header("Retry-After", str(math.ceil(pause_seconds or RETRY_AFTER_SECONDS)))
        if wants_json(self.request.path, self.request.headers.get("Accept", "")):
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps({"error": {"code": code, "message": message}}) + "\n")
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{status_code}: {message}\n")


class Unknown(Answering):
    """Every path that leads nowhere."""

    def prepare(self) -> None:
        """Whatever the method."""
        raise Refusal(404, "not-found", f"there is nothing at {self.request.path[:200]}; the page is at /")
