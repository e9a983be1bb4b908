"""/settings: the page of the settings, for administrators."""

from gateway.http.base_handler import BaseHandler
from gateway.http.csp import policy
from gateway.http.gzip_coding import finish_page
from gateway.http.page_files import versioned_text


class SettingsPage(BaseHandler):
    """The page; what it shows it reads from /api/settings."""

    def get(self) -> None:
        """Answer with the page, which no other site may show in a frame, whatever allow_frames says."""
        self.set_header("Cache-Control", "no-cache")
        self.set_header("Content-Security-Policy", policy([]))
        finish_page(self, versioned_text("settings/settings.html"))

    head = get
