"""The Range of a request (RFC 9110, section 14). Pure: header and length in, the bytes to send out."""

import re

ONE_RANGE = re.compile(r"\Abytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*\Z", re.IGNORECASE)
"""One range; of several, as of anything else that is not understood, the whole file is sent, as the RFC allows."""


class UnsatisfiableRangeError(ValueError):
    """A range has no byte of the file."""


def byte_range(header: str | None, length: int) -> tuple[int, int] | None:
    """The first byte, and the one after the last, that a Range header asks for.

    Args:
        header: its value; None without one.
        length: of the file, in bytes.

    Returns:
        None where the whole file is to be sent, with 200.

    Raises:
        UnsatisfiableRangeError: 416.
    """
    found = ONE_RANGE.match(header or "")
    if found is None or found[0].strip()[-1:] == "=" or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many bytes
        begin, end = max(0, length - int(found[2])), length
    else:
        begin, end = int(found[1]), min(length, int(found[2]) + 1) if found[2] else length
        if found[2] and int(found[2]) < begin:
            return None  # not valid, so ignored
    if begin >= end:
        raise UnsatisfiableRangeError
    return begin, end


def is_current(if_range: str | None, etag: str, last_modified: str) -> bool:
    """Whether the Range counts: without an If-Range, or where that names this very state of the file."""
    return if_range is None or if_range.strip() in (etag, last_modified)
