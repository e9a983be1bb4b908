"""Where a login leads back to: the page that it was asked for, and the moment that a link to recordings names. Pure."""

import re
from urllib.parse import parse_qs, quote, urlsplit

MAX_CHARACTERS = 500
MOMENT = re.compile(r"[0-9TZ:.+-]{1,40}")
"""What `at=` of a link to a moment may have; nothing else of a query is kept, as it may be a token."""


def login_path(path: str, at: str) -> str:
    """The login page that leads back to a path, and there to a moment, if `at` may be one."""
    back = quote(path) + (f"?at={quote(at, safe=':')}" if MOMENT.fullmatch(at) else "")
    return f"/login?next={quote(back, safe='/')}"


def next_path(text: str) -> str:
    """The path to go to after the login: the given one if it is a path of the gateway, else the page."""
    plain = text.isascii() and text.isprintable() and "\\" not in text and len(text) <= MAX_CHARACTERS
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    parts = urlsplit(text)
    if parts.scheme or parts.netloc:
        return "/"
    at = parse_qs(parts.query).get("at", [""])[0]
    return f"{parts.path}?at={quote(at, safe=':')}" if MOMENT.fullmatch(at) else parts.path
