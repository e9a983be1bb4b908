"""Answers in gzip, for clients that take it: text is a quarter as long."""

import gzip
from functools import lru_cache

from tornado.web import RequestHandler

PAGES = 16
"""How many pages stay compressed in memory: those of all cameras, and of each. One has 5 kB."""


def accepts_gzip(header: str) -> bool:
    """Whether a value of Accept-Encoding (RFC 9110, section 12.5.3) allows gzip."""
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def finish_in_gzip(handler: RequestHandler, content: bytes, compressed: bytes) -> None:
    """Answer with the content, or the same in gzip where the client takes that."""
    handler.set_header("Vary", "Accept-Encoding")
    if accepts_gzip(handler.request.headers.get("Accept-Encoding", "")):
        handler.set_header("Content-Encoding", "gzip")
        content = compressed
    handler.finish(content)


def finish_page(handler: RequestHandler, page: str) -> None:
    """Answer with a page. It contains no secret, except the token of its own address."""
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    finish_in_gzip(handler, page.encode(), _compressed(page))


@lru_cache(PAGES)
def _compressed(page: str) -> bytes:
    return gzip.compress(page.encode(), mtime=0)
