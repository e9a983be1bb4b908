"""The page's icons as PNG and ICO, drawn by Chromium from icon.svg."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from gateway.http.static_files import STATIC_DIR

ICONS = STATIC_DIR / "icons"
COLOURS = 64
"""In each icon: one colour on white, and what lies between them at the edges."""
SAFE_SHARE = 0.8
"""Of a maskable icon's side, the part that every mask shows (W3C, Web Application Manifest, "maskable")."""
GROUND = "#1d6fe0"
"""The blue of icon.svg, which fills a maskable icon to its edges."""
FAVICON_SIZES = [(16, 16), (32, 32), (48, 48)]


def draw_all(browser: Browser) -> None:
    """Write every icon."""
    ICONS.mkdir(exist_ok=True)
    for name, size, share, ground in (
        ("icon-192", 192, 1.0, None),
        ("icon-512", 512, 1.0, None),
        ("maskable-512", 512, SAFE_SHARE, GROUND),
        ("apple-touch-icon", 180, 0.9, GROUND),  # iOS rounds the corners itself, and makes what is transparent black
    ):
        _save(_drawn(browser, size, share, ground), ICONS / f"{name}.png")
    _drawn(browser, 48, 1.0, None).save(STATIC_DIR / "favicon.ico", sizes=FAVICON_SIZES)


def _drawn(browser: Browser, size: int, share: float, ground: str | None) -> Image.Image:
    page = browser.new_page(viewport={"width": size, "height": size})
    svg = (
        (STATIC_DIR / "icon.svg").read_text().replace("<svg ", f'<svg width="{size * share}" height="{size * share}" ')
    )
    style = f"margin:0;display:grid;place-items:center;height:100vh;background:{ground or 'transparent'}"
    page.set_content(f'<body style="{style}">{svg}</body>')
    png = page.screenshot(omit_background=ground is None)
    page.close()
    return Image.open(io.BytesIO(png)).convert("RGBA" if ground is None else "RGB")


def _save(icon: Image.Image, path: Path) -> None:
    method = Image.Quantize.FASTOCTREE if icon.mode == "RGBA" else Image.Quantize.MEDIANCUT
    icon.quantize(COLOURS, method=method).save(path, optimize=True)
