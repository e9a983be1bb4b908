"""/link/SECRET: a one-time link, which logs the device in that opens it first."""

import html

from gateway.access.identity import Identity
from gateway.http.base_handler import BaseHandler
from gateway.http.csp import policy
from gateway.http.page_files import versioned_text
from gateway.net.errors import HttpError


class Link(BaseHandler):
    """A link. Messengers fetch every link to show a preview of it, so only the button of the page uses it up."""

    def get(self, _secret: str) -> None:
        """Show the button, also for a link that does not exist: a GET tells nothing of it."""
        self._render("", 200)

    async def post(self, secret: str) -> None:
        """Use it up, and go to the page."""
        try:
            cookie, identity = await self.access.log_in_by_link(secret, self.client)
        except HttpError as error:
            self._render(error.message, error.status_code)
            return
        self.set_session_cookie(cookie)
        self.redirect_to(page_of(identity), status=303)

    def _render(self, message: str, status: int) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", policy([]))
        text = f"{message[:1].upper()}{message[1:]}. Ask for a new one." if message else ""
        page = versioned_text("settings/link.html").replace("{{message}}", html.escape(text))
        self.finish(page.replace("<form ", "<form hidden ") if message else page)

    head = get


def page_of(identity: Identity) -> str:
    """The page to go to: that of the camera, if it is only one."""
    if identity.cameras is not None and len(identity.cameras) == 1:
        return f"/camera/{next(iter(identity.cameras))}/"
    return "/"
