"""The login page, the logout, and what a page may know about the identity of its client."""

import asyncio
import html
from http import HTTPStatus
from typing import Any

from gateway.http.base_handler import BaseHandler
from gateway.http.csp import policy
from gateway.http.login_return import next_path
from gateway.http.page_files import versioned_text
from gateway.http.settings.settings_handler import may_set
from gateway.net.errors import HttpError

IN_A_FRAME = (
    "This page is in a frame of another site, where browsers keep no login over plain http. Make a token with "
    "`framebus token`, and add ?token=… to the address of the frame."
)


class Login(BaseHandler):
    """/login"""

    async def prepare(self) -> None:
        """Show a refusal on the page itself: a person reads it."""
        try:
            await super().prepare()
        except HttpError as error:
            self.render_form(error.message, error.status_code)

    def get(self) -> None:
        """Show the form."""
        is_kept = self.request.headers.get("Sec-Fetch-Dest") != "iframe" or self.is_secure
        self.render_form("" if is_kept or not self._is_cross_site() else IN_A_FRAME, 200)

    async def post(self) -> None:
        """Log in with what the form sends."""
        name, password = self.get_body_argument("name", ""), self.get_body_argument("password", "", strip=False)
        try:
            cookie = await self.access.log_in(name, password, self.client)
        except HttpError as error:
            self.render_form(error.message, error.status_code, name)
            return
        self.set_session_cookie(cookie)
        self.redirect_to(next_path(self.get_body_argument("next", "/")), status=303)

    def render_form(self, message: str, status: int, name: str = "") -> None:
        """Answer with the form, and a message if there is one."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", policy(self.access.frames))
        values = {
            "message": _sentence(message),
            "name": name,
            "next": next_path(self.get_argument("next", "/")),
        }
        page = versioned_text("login.html")
        for key, value in values.items():
            page = page.replace(f"{{{{{key}}}}}", html.escape(value.replace("{{", "{ {")))
        if name:  # it is the password that is to be typed again
            page = page.replace(" autofocus", "").replace('type="password"', 'type="password" autofocus')
        self.finish(page)

    head = get

    def _is_cross_site(self) -> bool:
        return self.request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


class Logout(BaseHandler):
    """/logout"""

    async def post(self) -> None:
        """End the session of the cookie, and of every copy of it; or let the browser forget its Basic password."""
        cookie = self.get_cookie(self.access.cookie, "") or ""
        session = self.access.sessions.read(cookie)
        if session is not None:
            try:
                await asyncio.to_thread(self.access.sessions.log_out, session.id, session.name)
            except OSError as error:
                kept = "this browser has forgotten the login, and a copy of it stays valid"
                raise HttpError(503, "no-session", f"the logout cannot be saved: {error.strerror}; {kept}") from None
        self.set_session_cookie("", days=0)
        if not cookie and self.request.headers.get("Authorization", "").lower().startswith("basic"):
            self._forget_password()
        else:
            self.redirect_to("/login", status=303)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Called by Tornado, which has taken the headers back: the browser forgets a logout that cannot be saved."""
        if status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            self.set_session_cookie("", days=0)
        super().write_error(status_code, **kwargs)

    def _forget_password(self) -> None:
        """A browser forgets the password of its own dialog when that is refused; there is no other way over http."""
        self.set_status(401)
        self.set_header("WWW-Authenticate", 'Basic realm="framebus", charset="UTF-8"')
        self.set_header("Clear-Site-Data", '"cookies"')  # over https, this is enough
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish('<!doctype html><title>Logged out</title><p>You are logged out. <a href="login">Log in</a></p>\n')


class Me(BaseHandler):
    """/api/me"""

    is_challenged = False

    def get(self) -> None:
        """Answer with the client's identity, so that a page can show it and go to the login."""
        me = self.identity
        self.set_header("Cache-Control", "no-store")
        self.finish(
            {
                "kind": "anonymous" if me.kind == "unauthenticated" else me.kind,
                "name": me.name,
                "scopes": sorted(me.scopes),
                "cameras": None if me.cameras is None else sorted(me.cameras),
                "session": bool(me.session),
                "login": self.access.has_accounts,
                "settings": self.services.settings.settings and may_set(me),
            }
        )

    head = get


def _sentence(message: str) -> str:
    return f"{message[:1].upper()}{message[1:].removesuffix('.')}." if message else ""
