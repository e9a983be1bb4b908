"""The files of the page as they are sent: without comments, hashed and compressed once, each address with a version."""

import gzip
import hashlib
import posixpath
import re
from collections.abc import Mapping
from functools import cache, cached_property

import msgspec

from gateway.http.page_comments import without_comments
from gateway.http.static_files import STATIC_DIR, STATIC_FILES, page_text

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
CODE = (".css", ".js")
"""What has a version in its address, and is compressed. Icons and the manifest have the same address for ever."""
VERSION_DIGITS = 12
ALL = "all"
"""The kind of page that shows all cameras, and of pages that have one kind."""
IMPORT = re.compile(r"""^(?:import|export)\b[^;"']*["'](\.[^"']+)["'];""", re.MULTILINE)
"""An import that a module needs before it starts. All paths of the page are relative."""
LINK = re.compile(r'((?:href|src)="page/)(?=[^"]+\.(?:css|js)")')
STYLE = re.compile(r'^ *<link rel="stylesheet" href="page/([^"]+)"(?: data-page="([^"]+)")?>\n', re.MULTILINE)
"""A stylesheet, and the kind of page that uses it, where that is not each."""
ENTRY = re.compile(r'^.*<script type="module" src="page/([^"]+)"></script>\n', re.MULTILINE)


class PageFile(msgspec.Struct, frozen=True, dict=True):  # for what is cached
    """One file."""

    content: bytes
    content_type: str

    @cached_property
    def etag(self) -> str:
        """Weak, as it is the same for both encodings."""
        return f'W/"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """The same in gzip; None for what that does not make smaller."""
        if not self.content_type.startswith("text/"):
            return None
        return gzip.compress(self.content, mtime=0)


@cache
def joined_styles() -> dict[str, tuple[str, ...]]:
    """The stylesheets of each page that has several, by the name of the one that is sent instead: it is one request."""
    joined: dict[str, tuple[str, ...]] = {}
    for page in STATIC_DIR.rglob("*.html"):
        styles = STYLE.findall(page.read_text())
        for kind in {kind for _, kind in styles} - {""} or {ALL}:
            paths = tuple(path for path, only in styles if only in ("", kind))
            joined[_styles_name(page.relative_to(STATIC_DIR).as_posix(), kind)] = paths
    return {name: paths for name, paths in joined.items() if len(paths) > 1}


@cache
def page_file(path: str) -> PageFile:
    """A file of STATIC_FILES or of `joined_styles`. Raises KeyError for any other."""
    if path not in STATIC_FILES:
        parts = [page_file(part).content for part in joined_styles()[path]]
        return PageFile(b"".join(parts), CONTENT_TYPES[".css"])
    file = STATIC_DIR / path
    content = file.read_bytes()
    if path.endswith(CODE):
        content = without_comments(content.decode(), is_style=file.suffix == ".css").encode()
    return PageFile(content, CONTENT_TYPES[file.suffix])


@cache
def page_version() -> str:
    """The version of all scripts and styles together: no two versions of them mix."""
    paths = (*(path for path in STATIC_FILES if path.endswith(CODE)), *joined_styles())
    return version_of({path: page_file(path).etag for path in paths})


def version_of(etags: Mapping[str, str]) -> str:
    """A hash of the names of files and of what is in them."""
    described = "".join(f"{path} {etag}\n" for path, etag in sorted(etags.items()))
    return hashlib.sha256(described.encode()).hexdigest()[:VERSION_DIGITS]


@cache
def versioned_text(path: str, kind: str = ALL) -> str:
    """A page whose scripts and styles have their version in the address, and are all requested at once; styles as one.

    Of the stylesheets, those of other kinds of pages are left out: index.html is the page of all cameras, and of one.
    Without the links, a browser learns of each module from the one that imports it, one request after another.
    """
    page = page_text(path)
    if (joined := _styles_name(path, kind)) in joined_styles():
        first = STYLE.search(page)
        page = STYLE.sub("", page)
        if first:
            link = f'  <link rel="stylesheet" href="page/{joined}">\n'
            page = page[: first.start()] + link + page[first.start() :]
    for entry in ENTRY.finditer(page):
        links = "".join(f'  <link rel="modulepreload" href="page/{name}">\n' for name in modules_of(entry[1])[1:])
        page = page.replace(entry[0], entry[0] + links)
    return LINK.sub(rf"\g<1>{page_version()}/", page)


def _styles_name(page: str, kind: str) -> str:
    return f"{page.removesuffix('.html')}.{kind}.css"


def modules_of(entry: str) -> list[str]:
    """A module and all that it imports before it starts, those that it imports itself first. Paths below `page/`."""
    found = [entry]
    for module in found:  # it grows meanwhile
        names = IMPORT.findall((STATIC_DIR / module).read_text())
        paths = [posixpath.normpath(posixpath.join(posixpath.dirname(module), name)) for name in names]
        found += [path for path in dict.fromkeys(paths) if path not in found]
    return found
