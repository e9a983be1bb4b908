"""page/…: the scripts, styles and icons of the page."""

import re

from gateway.http.base_handler import BaseHandler
from gateway.http.gzip_coding import finish_in_gzip
from gateway.http.page_files import VERSION_DIGITS, PageFile, joined_styles, page_file, page_version
from gateway.http.static_files import STATIC_FILES
from gateway.net.errors import HttpError

YEAR_SECONDS = 365 * 86_400
"""What browsers keep at most."""
VERSIONED = re.compile(f"[0-9a-f]{{{VERSION_DIGITS}}}/")


class PageFileHandler(BaseHandler):
    """A file. Under the version of the page a browser may keep it; under any other, it asks whether it has changed."""

    _file: PageFile | None = None

    def get(self, path: str) -> None:
        """Answer with the file; its path may begin with a version.

        A page that was loaded before an update loads the rest of its modules under the version before. It gets the
        new ones, as it always did, but its browser does not keep them under that version.
        """
        version, _, name = path.partition("/") if VERSIONED.match(path) else ("", "", path)
        if name not in STATIC_FILES and name not in joined_styles():
            raise HttpError(404, "not-found", f"there is nothing at {self.request.path[:200]}; the page is at /")
        self._file = file = page_file(name)
        is_current = version == page_version()
        self.set_header("Cache-Control", f"public, max-age={YEAR_SECONDS}, immutable" if is_current else "no-cache")
        self.set_header("Content-Type", file.content_type)
        if file.compressed is None:
            self.finish(file.content)
        else:
            finish_in_gzip(self, file.content, file.compressed)

    head = get

    def compute_etag(self) -> str | None:
        """Called by Tornado, which answers with 304 where the browser has this file."""
        return self._file.etag if self._file else None
