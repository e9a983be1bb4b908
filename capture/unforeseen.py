"""Unexpected exceptions of a source: a reason for people, and a traceback for the log."""

import logging
import re
import traceback

from framebus.runtime.log import SECRETS

MAX_REASON_CHARACTERS = 200
"""Of the exception's own text."""
MAX_TRACEBACKS = 16
"""Distinct failures whose traceback is logged, for each process."""

_LOGIN = re.compile(r"(://)[^/\s@]+@")
_QUERY = re.compile(r"([?&][^=\s&]{1,64}=)[^&\s'\")]+")


def reason(source: str, doing: str, error: BaseException) -> str:
    """Describe the failure in one line that shows no secret.

    Args:
        source: the name of the source.
        doing: the call that failed, as in "opening it".
        error: what it raised.

    Returns:
        The reason, for the status and the log.
    """
    text = " ".join(_redacted(_text(error)).split())
    if len(text) > MAX_REASON_CHARACTERS:
        text = text[:MAX_REASON_CHARACTERS] + "…"
    return f"{source}: {doing} failed unexpectedly: {type(error).__name__}{f': {text}' if text else ''}"


class TracebackLog:
    """Logs the traceback of each distinct failure once."""

    def __init__(self, logger: logging.Logger) -> None:
        """Begin with none logged.

        Args:
            logger: where the tracebacks go.
        """
        self._logger = logger
        self._logged: set[object] = set()

    def log(self, text: str, error: BaseException) -> None:
        """Log this failure unless one of the same type from the same place was logged before.

        Args:
            text: what failed.
            error: what was raised.
        """
        place = _place(error)
        if place in self._logged or len(self._logged) >= MAX_TRACEBACKS:
            return
        self._logged.add(place)
        lines = traceback.format_exception(type(error), error, error.__traceback__, limit=-8)
        self._logger.error("%s\n%s", text, _redacted("".join(lines)).rstrip())


def _place(error: BaseException) -> object:
    """The type and the innermost line of code; of a recursion the type alone, as it may end at any line."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = None if at is None else (at.tb_frame.f_code.co_filename, at.tb_lineno)
    return type(error), None if isinstance(error, RecursionError) else where


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception whose text cannot be made is still a failure of the camera
        return ""


def _redacted(text: str) -> str:
    return SECRETS.sub(r"\1…", _QUERY.sub(r"\1…", _LOGIN.sub(r"\1…@", text)))
