"""Where the browser's files are."""

from functools import cache
from pathlib import Path

STATIC_DIR = Path(__file__).parent.parent / "static"
STATIC_FILES = frozenset(
    file.relative_to(STATIC_DIR).as_posix()
    for file in STATIC_DIR.rglob("*")
    if file.is_file() and file.suffix != ".html"
)
"""Paths of the files that are served unchanged, relative to the folder."""


@cache
def page_text(path: str) -> str:
    """A page of the folder, by its path there; read once."""
    return (STATIC_DIR / path).read_text()
