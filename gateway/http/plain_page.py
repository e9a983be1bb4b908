"""The cameras as plain images, for browsers that do not run the page's script. Pure: names and titles in, HTML out."""

import html
from collections.abc import Mapping
from urllib.parse import urlencode

STREAMS = 5
"""A browser opens six connections to a host: one is left for stills."""
WIDTH = 640
"""Pixels: enough for most tiles, and the half of a camera of 1280x720."""


def plain_cameras(titles: Mapping[str, str], token: str = "") -> str:
    """Return an image for each camera: its stream, or a still where there are too many.

    Args:
        titles: what people call each camera, by its name, which needs no escaping: it has letters, digits, "-" and "_".
        token: what the page was opened with; "" for none.
    """
    query = urlencode({"width": WIDTH, **({"token": token} if token else {})})
    return "".join(_figure(name, titles[name], query, number < STREAMS) for number, name in enumerate(titles))


def _figure(name: str, title: str, query: str, streamed: bool) -> str:
    url = html.escape(f"camera/{name}/{'stream.mjpg' if streamed else 'snapshot.jpg'}?{query}")
    again = f' data-{"stream" if streamed else "still"}="{url}"'
    shown = html.escape(title)
    what = "Stream" if streamed else "Still"
    return (
        f'<figure class="plain-camera"><img src="{url}"{again} alt="{what} of camera {shown}">'
        f"<figcaption>{shown}</figcaption></figure>"
    )
