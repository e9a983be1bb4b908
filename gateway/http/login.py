"""The login page, the logout, and what a page may know of who looks at it. Who is right, gateway.access says."""

import asyncio
import html
from functools import cache
from urllib.parse import urlsplit

from gateway.access.permissions import Permission
from gateway.access.sessions import COOKIE, DAY_SECONDS
from gateway.http.base_handler import BaseHandler
from gateway.http.csp import policy
from gateway.http.static_files import PAGE
from gateway.net.errors import HttpError

MAX_NEXT = 500
"""Letters of the path to go on to."""


class PersonHandler(BaseHandler):
    """What these have in common."""

    def initialize(self, permission: Permission) -> None:
        """Called by Tornado with what the route table names."""
        self.permission = permission

    def go_on(self, path: str) -> None:
        """To a path of ours, with GET."""
        self.set_header("Cache-Control", "no-store")
        self.redirect(f"{self.client.prefix}{path}", status=303)

    @property
    def cookie_path(self) -> str:
        """Where the cookie counts: not for others behind the same proxy."""
        return f"{self.client.prefix}/"


class Login(PersonHandler):
    """/login"""

    def get(self) -> None:
        """The form."""
        self.show("", 200)

    async def post(self) -> None:
        """What the form sends."""
        name, password = self.get_body_argument("name", ""), self.get_body_argument("password", "", strip=False)
        try:
            cookie = await self.access.log_in(name, password, self.client)
        except HttpError as error:
            self.show(f"{error.message[:1].upper()}{error.message[1:]}.", error.status_code)
            return
        self.set_cookie(
            COOKIE,
            cookie,
            path=self.cookie_path,
            max_age=int(self.access.session_days * DAY_SECONDS),
            httponly=True,
            samesite="Lax",
            secure=self.client.scheme == "https",
        )
        self.go_on(next_path(self.get_body_argument("next", "/")))

    def show(self, message: str, status: int) -> None:
        """The form again, and why."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", policy(self.access.frames))
        where = self.get_argument("next", "/")
        page = _form().replace("{{message}}", html.escape(message)).replace("{{next}}", html.escape(next_path(where)))
        self.finish(page)

    head = get


class Logout(PersonHandler):
    """/logout"""

    async def post(self) -> None:
        """End the cookie's session, here and wherever else the cookie was copied to."""
        session = self.access.sessions.read(self.get_cookie(COOKIE, "") or "")
        if session is not None:
            try:
                await asyncio.to_thread(self.access.sessions.end, session[0])
            except OSError as error:
                raise HttpError(503, "no-session", f"the logout cannot be kept: {error.strerror}") from None
        self.clear_cookie(COOKIE, path=self.cookie_path)
        self.go_on("/login")


class Me(PersonHandler):
    """/api/me"""

    def get(self) -> None:
        """Who asks, as the gateway knows it: so a page can say it, and go to the login."""
        me = self.identity
        self.set_header("Cache-Control", "no-store")
        self.finish(
            {
                "kind": me.kind,
                "name": me.name,
                "scopes": sorted(me.scopes),
                "cameras": None if me.cameras is None else sorted(me.cameras),
                "session": bool(me.session),
                "login": self.access.has_accounts,
            }
        )

    head = get


def next_path(text: str) -> str:
    """The path to go on to, when it is one of ours; else the page."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= MAX_NEXT
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    parts = urlsplit(text)
    return "/" if parts.scheme or parts.netloc else parts.path


@cache
def _form() -> str:
    return (PAGE / "login.html").read_text()
