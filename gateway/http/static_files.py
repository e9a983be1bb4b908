"""Where the browser's files are."""

from pathlib import Path

STATIC_DIR = Path(__file__).parent.parent / "static"
STATIC_FILES = frozenset(file.name for file in STATIC_DIR.iterdir() if file.is_file() and file.suffix != ".html")
"""Names of the files that are served unchanged."""
