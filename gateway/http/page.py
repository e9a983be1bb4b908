"""/ and /camera/NAME/: the page, and mjpg-streamer's /?action=stream and /?action=snapshot."""

from functools import cache

from gateway.access.permissions import SNAPSHOT, Permission
from gateway.cameras.feed import Feed
from gateway.http.camera_handler import CameraHandler
from gateway.http.csp import policy
from gateway.http.gzip_coding import finish_page
from gateway.http.mjpg_streamer import ALLOWED, Action, parse_action
from gateway.http.page_files import versioned_text
from gateway.http.plain_page import plain_cameras
from gateway.net.errors import HttpError

PLAIN_START, PLAIN_END = '<div class="plain-cameras">', "</div>"
PLAIN = PLAIN_START + PLAIN_END
"""Where the plain cameras are put in."""
MANIFEST = '<link rel="manifest" href="page/app.webmanifest" crossorigin="use-credentials">'
"""Left out of a page with a token: an app starts at the address in the manifest, which has no token, so that it could
show nothing; and with one, the token would be in every list of installed apps. Without a manifest, a phone keeps the
address of the page."""


class Page(CameraHandler):
    """The page, unless the query has an `action`."""

    def required_permission(self) -> Permission:
        """A still takes another scope than the page."""
        action = parse_action(self.get_query_argument("action", ""))
        return SNAPSHOT if action is not None and action.kind == "snapshot" else self.permission

    async def get(self, name: str | None = None) -> None:
        """Answer with the page, which reads its camera from its own URL."""
        text = self.get_query_argument("action", "")
        if text:
            await self._serve_action(name, text)
            return
        if name is not None:
            self.feed(name)
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", policy(self.services.settings.allow_frames))
        names = [camera for camera, _ in self.visible_cameras()] if name is None else [name]
        token = self.get_query_argument("token", "")
        settings = self.services.camera_settings
        plain = plain_cameras({camera: settings[camera].title or camera for camera in names}, token)
        index = _index("./", "all") if name is None else _index("../../", "camera")
        page = index.replace(PLAIN, f"{PLAIN_START}{plain}{PLAIN_END}")
        finish_page(self, page.replace(MANIFEST, "") if token else page)

    head = get

    async def _serve_action(self, name: str | None, text: str) -> None:
        action = parse_action(text)
        if action is None:
            raise HttpError(400, "bad-request", f"action: found {text[:40]!a}; allowed: {ALLOWED}")
        feed = self._camera_by_number(action) if name is None else self.feed(name)
        if action.kind == "stream":
            await self.serve_stream(feed)
        else:
            await self.serve_still(feed)

    def _camera_by_number(self, action: Action) -> Feed:
        if action.number is None:
            return self.feed(None)
        names = list(self.cameras.feeds)
        allowed = [names[action.number]] if action.number < len(names) else []
        if not all(map(self.identity.sees, allowed)) or (not allowed and self.identity.cameras is not None):
            raise HttpError(403, "forbidden", f"{self.identity.name or 'you'} may not see camera {action.number}")
        if not allowed:
            raise HttpError(
                404, "unknown-camera", f"there is no camera {action.number}; there are 0 to {len(names) - 1}"
            )
        return self.feed(allowed[0])


class PageRedirect(CameraHandler):
    """/camera/NAME without the last slash."""

    def get(self, name: str) -> None:
        """Redirect, without the query: a token has no place in a Location header."""
        self.redirect(f"{self.feed(name).camera}/")

    head = get


@cache
def _index(base: str, kind: str) -> str:
    """The page of that kind, its links relative to `base`."""
    return versioned_text("index.html", kind).replace('<base href="./">', f'<base href="{base}">')
