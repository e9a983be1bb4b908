"""URLs of cameras as people may see them: logins and secrets stay out of every log, status and error text."""

import re

SCHEMES = frozenset(
    {"http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "tcp", "tls", "srt", "mms", "file"}
)
"""What may be shown of a text that is no URL: its first word, if it is one of these."""

_SHOWN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^/?#@\s]*@)?(?P<address>(?:\[[0-9a-f:.%a-z]+\]|[^/?#:@\s\[\]]*)(?::\d{1,5})?)(?![^/?#])"
    r"(?P<path>/[^/?#]*)?(?P<rest>[^@]*)",
    re.IGNORECASE | re.DOTALL,
)
"""An @ behind the path may end a login with a / in it: then nothing is sure to be no secret."""
_PLAIN_PATH = re.compile(r"/?[\w.~-]{0,64}|")


def shown(text: str) -> str:
    """A URL as people may see it: scheme, host, port and the first element of the path.

    Cameras have secrets in user info, in the query under any name, and in the path. Of a text that cannot be read as a
    URL even less is shown.
    """
    match = _SHOWN.fullmatch(text)
    if match is None:
        scheme = text.partition(":")[0].lower()
        return f"{scheme}://…" if scheme in SCHEMES else "…"
    path, more = match["path"] or "", match["rest"]
    if not _PLAIN_PATH.fullmatch(path):
        path, more = "/", path + more
    return f"{match['scheme']}://{match['address']}{path}{'…' if more.strip('/') else ''}"
