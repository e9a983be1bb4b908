"""The comments in scripts and styles of the page, which browsers do not need: they are a third of what there is."""

import re

COMMENT = re.compile(r"^[ \t]*(?:(?P<line>//.*)|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)$", re.MULTILINE)
"""A comment that has its lines to itself. Those beside code are few, and stay: to find them takes a parser."""


def without_comments(code: str, *, is_style: bool) -> str:
    """The code with empty lines in place of comments, so that errors name the lines of the file.

    Args:
        code: A script or a stylesheet. No text in it may go over several lines: it could look like a comment.
        is_style: Whether it is a stylesheet, where `//` begins no comment.
    """
    return COMMENT.sub(lambda found: found[0] if found["line"] and is_style else "\n" * found[0].count("\n"), code)
