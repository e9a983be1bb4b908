"""What every handler of the gateway is: one that asks first who may, and tells an error in the client's own terms."""

import json
import math
from typing import Any
from urllib.parse import quote

from tornado.web import RequestHandler

from gateway.access.access import Access
from gateway.access.identity import NOBODY, Identity
from gateway.access.permissions import PUBLIC, Permission
from gateway.net.errors import RETRY_AFTER_SECONDS, HttpError, cors, wants_json
from gateway.net.forwarded import Client

OF_SCRIPTS = ("cors", "same-origin", "websocket")
"""Requests of a page's scripts (Fetch Metadata, Sec-Fetch-Mode): a challenge would open the browser's own dialogue."""
HEADERS = {
    "Server": "framebus",  # Tornado would name itself and its version
    "Referrer-Policy": "same-origin",  # a token in a URL is nobody else's business; without it, no form has an origin
    "X-Content-Type-Options": "nosniff",
}


class BaseHandler(RequestHandler):
    """Answers errors as JSON or as a line of text."""

    permission: Permission = Permission("admin", "admin")
    """What it takes; the table of routes says it for each."""
    identity: Identity = NOBODY
    """Who asks, from `prepare` on."""

    def set_default_headers(self) -> None:
        """Called by Tornado."""
        for header, value in HEADERS.items():
            self.set_header(header, value)
        for header, value in cors(self.settings.get("allow_origins", []), self.request.headers.get("Origin")).items():
            self.set_header(header, value)

    @property
    def access(self) -> Access:
        """Who decides."""
        access: Access = self.settings["access"]
        return access

    @property
    def client(self) -> Client:
        """Who is at the other end."""
        return self.access.client(self.request)

    def permission_for(self) -> Permission:
        """What this request takes."""
        return self.permission

    async def prepare(self) -> None:
        """Called by Tornado before the method: whoever may not gets no further."""
        permission = self.permission_for()
        camera = self.path_args[0] if permission is not PUBLIC and self.path_args else None
        try:
            self.identity = await self.access.check(self.request, permission, camera)
        except HttpError as error:
            if error.status_code != 401 or not self._is_for_a_person():
                raise
            self.redirect(f"{self.client.prefix}/login?next={quote(self.request.path)}")

    def compute_etag(self) -> str | None:
        """Called by Tornado, which would hash every picture."""
        return None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Called by Tornado, with the exception that ended the request."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        code, message, pause_seconds = "error", self._reason, None
        if isinstance(error, HttpError):
            code, message, pause_seconds = error.code, error.message, error.retry_after_seconds
        self.set_header("Cache-Control", "no-store")
        if status_code in (429, 503):
            self.set_header("Retry-After", str(math.ceil(pause_seconds or RETRY_AFTER_SECONDS)))
        if status_code == 401 and self.request.headers.get("Sec-Fetch-Mode") not in OF_SCRIPTS:
            self.set_header("WWW-Authenticate", 'Basic realm="framebus", charset="UTF-8"')
        if wants_json(self.request.path, self.request.headers.get("Accept", "")):
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps({"error": {"code": code, "message": message}}) + "\n")
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"{status_code}: {message}\n")

    def _is_for_a_person(self) -> bool:
        """Whether a browser wants a page, rather than a program a picture."""
        asked = self.request
        named = "Authorization" in asked.headers or "token" in asked.query_arguments
        return asked.method == "GET" and "text/html" in asked.headers.get("Accept", "") and not named


class Unknown(BaseHandler):
    """Every path that leads nowhere."""

    permission = PUBLIC

    async def prepare(self) -> None:
        """Whatever the method, and whoever asks."""
        raise HttpError(404, "not-found", f"there is nothing at {self.request.path[:200]}; the page is at /")
