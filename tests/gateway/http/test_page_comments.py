"""Scripts and styles lose the comments that have lines of their own, and keep everything else where it was."""

import re
from pathlib import Path

import pytest

from gateway.http.page_comments import without_comments
from gateway.http.static_files import STATIC_DIR

SCRIPTS, STYLES = (sorted(STATIC_DIR.rglob(f"*{suffix}")) for suffix in (".js", ".css"))


@pytest.mark.parametrize(
    ("code", "sent"),
    [
        ("/** One. */\na();\n", "\na();\n"),
        ("/**\n * One.\n * @param {x} y **/\n  // two\na();", "\n\n\n\na();"),
        ("a(); // b\n", "a(); // b\n"),
        ("/* a */ b(); /* c */\n", "/* a */ b(); /* c */\n"),
        ('a("//b");\n  /* c */  \nd();', 'a("//b");\n\nd();'),
        ("// /* a\nb();\n/* c */", "\nb();\n"),
        ("a();\n/* is not ended", "a();\n/* is not ended"),
        ("", ""),
    ],
)
def test_a_comment_becomes_empty_lines(code: str, sent: str) -> None:
    assert without_comments(code, is_style=False) == sent


def test_two_slashes_are_no_comment_of_a_style() -> None:
    assert without_comments("/* a */\n//b {}\n", is_style=True) == "\n//b {}\n"


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_no_file_of_the_page_loses_code(path: Path) -> None:
    """What is left out begins as a comment, outside every other one, and no text goes over several lines."""
    text = path.read_text()
    sent = without_comments(text, is_style=path.suffix == ".css")
    lines = list(zip(text.split("\n"), sent.split("\n"), strict=True))
    assert all(after in (before, "") for before, after in lines)
    assert all(re.match(r"\s*(//|/\*| \*)", before) for before, after in lines if after != before)
    assert [after for _, after in lines if after.count("`") % 2 or after.rstrip().endswith("\\")] == []
    assert re.findall(r"^\s*(?:/\*|\*/).*", sent, re.MULTILINE) == []
