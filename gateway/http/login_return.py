"""Where a login leads back to: the page, its wall view, and the moment that a link to recordings names.

Pure code.
"""

import re
from urllib.parse import parse_qs, quote, urlsplit

MAX_CHARACTERS = 500
MOMENT = re.compile(r"[0-9TZ:.+-]{1,40}")
"""What `at=` of a link to a moment may have; nothing else of a query is kept, as it may be a token."""


def login_path(path: str, at: str, *, wall: bool = False) -> str:
    """The login page that leads back to a path, and there to a moment, if `at` may be one, or to the wall view."""
    back = quote(path) + _query(at, wall=wall)
    return f"/login?next={quote(back, safe='/')}"


def next_path(text: str) -> str:
    """The path to go to after the login: the given one if it is a path of the gateway, else the page."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= MAX_CHARACTERS
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    parts = urlsplit(text)
    if parts.scheme or parts.netloc:
        return "/"
    values = parse_qs(parts.query, keep_blank_values=True)
    return parts.path + _query(values.get("at", [""])[0], wall="wall" in values)


def _query(at: str, *, wall: bool) -> str:
    kept = [f"at={quote(at, safe=':')}"] if MOMENT.fullmatch(at) else []
    kept += ["wall"] if wall else []
    return "?" + "&".join(kept) if kept else ""
