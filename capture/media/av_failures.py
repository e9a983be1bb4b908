"""Why FFmpeg cannot open or read a URL or a file, in a sentence.

FFmpeg's text with the URL is never used: it holds the login. This module needs the extra `av`.
"""

import errno

from av.error import FFmpegError

from capture.media import reasons
from capture.media.url import MediaUrl

STATUS_OF = {
    "HTTPBadRequestError": 400,
    "HTTPUnauthorizedError": 401,
    "HTTPForbiddenError": 403,
    "HTTPNotFoundError": 404,
    "HTTPServerError": 500,
}
"""FFmpeg has an error of its own for each of these answers, in RTSP as in HTTP."""


def failure_reason(
    error: FFmpegError,
    name: str,
    url: MediaUrl | None,
    content_type: str,
    *,
    patience: float,
    seconds: float,
    opening: bool,
) -> str:
    """The reason to tell.

    Args:
        error: what FFmpeg raised.
        name: the camera's.
        url: what was opened; None for a file.
        content_type: what the server said that lies there; empty if it was not asked.
        patience: how long FFmpeg may wait, in seconds.
        seconds: how long it waited.
        opening: whether this was while it was opened.
    """
    kind = type(error).__name__
    vague = isinstance(error, OSError) and error.errno == errno.EIO
    if kind == "ExitError" or (url is not None and seconds >= patience):
        return (reasons.no_answer if opening else reasons.silent)(name, patience)
    if kind in STATUS_OF:
        return reasons.status(name, STATUS_OF[kind], url is not None and url.login is not None)
    if opening and content_type and (vague or kind == "InvalidDataError"):
        return reasons.no_video(name, content_type)
    if opening and kind == "InvalidDataError":
        return reasons.not_understood(name)
    if isinstance(error, OSError) and not vague:
        return reasons.unreadable_file(name, error) if url is None else reasons.refused(name, url.host, error)
    if url is not None and vague and not opening:  # what HTTP without a length ends with
        return reasons.ended(name)
    return reasons.ffmpeg(name, error.strerror or kind)
