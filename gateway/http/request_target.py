"""The target of a request in its normal form (RFC 9112, section 3.2; RFC 3986, section 6.2.2). Pure."""

import re

ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
FILE_WITH_SLASH = re.compile(r"\A((?:/webcam)?/(?:stream|snapshot)|.*\.(?:mjpg|jpg|avi))/\Z", re.DOTALL)
"""A stream or a still as some programs write it: with a slash at the end."""
WEBCAM = "/webcam"
"""Where OctoPi, Mainsail and OctoPod expect a camera. Their proxies strip it, those of users may not."""
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


def normalized(target: str) -> tuple[str, str | None]:
    """Normalize a target: without a host, /webcam, needless percent signs, repeated slashes, "." and "..".

    Args:
        target: as in the first line of the request: "/a%62//c?d" or "http://host/a".

    Returns:
        The path with its query, and the host of a target in absolute form, else None.
    """
    host = None
    absolute = ABSOLUTE.fullmatch(target)
    if absolute is not None:
        host, target = absolute[1], absolute[2] or "/"
        target = target if target.startswith("/") else f"/{target}"
    path, mark, query = target.partition("?")
    if path.startswith("/"):
        path = _without_dots(re.sub("/{2,}", "/", ENCODED.sub(_decoded, path)))
        path = FILE_WITH_SLASH.sub(r"\1", path)
        if path == WEBCAM or path.startswith(f"{WEBCAM}/"):
            path = path.removeprefix(WEBCAM) or "/"
    return f"{path}{mark}{query}", host


def _decoded(match: re.Match[str]) -> str:
    letter = chr(int(match[1], 16))
    return letter if UNRESERVED.fullmatch(letter) else match[0]


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    ends_in_folder = path.endswith(("/.", "/.."))
    return "/" + "/".join([*segments, ""] if ends_in_folder and segments else segments)
