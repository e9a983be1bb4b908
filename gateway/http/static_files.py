"""Where the browser's files are."""

from pathlib import Path

PAGE = Path(__file__).parent.parent / "static"
PAGE_FILES = frozenset(file.name for file in PAGE.iterdir() if file.is_file() and file.suffix != ".html")
"""Names of the files that are served unchanged."""
