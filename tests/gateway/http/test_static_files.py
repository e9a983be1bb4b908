"""The files of the page that are served unchanged."""

from gateway.http.static_files import STATIC_DIR, STATIC_FILES


def test_scripts_and_styles_are_served_and_templates_are_not() -> None:
    assert {"app.js", "style.css", "icon.svg"} <= STATIC_FILES
    assert not {name for name in STATIC_FILES if name.endswith(".html")}
    assert all((STATIC_DIR / name).is_file() for name in STATIC_FILES)
