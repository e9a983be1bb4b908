"""A file that is not TOML: one message that says what to change, with the line and a mark."""

import tomllib

import pytest

from framebus.config.toml_errors import explain


def explained(text: str) -> str:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    return explain(text, str(caught.value))


def test_the_line_is_shown_with_a_mark() -> None:
    assert explained("# cameras\n[camera.front]\nsource = auto\n") == (
        'line 3, column 10: not valid TOML: text takes quotation marks; write source = "auto"\n'
        "    source = auto\n"
        "             ^"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("source = v4l2:/dev/video0", 'text takes quotation marks; write source = "v4l2:/dev/video0"'),
        ("size = 640x480  # small", 'text takes quotation marks; write size = "640x480"'),
        ("listen = 0.0.0.0:8080", 'text takes quotation marks; write listen = "0.0.0.0:8080"'),
        ("hflip = True", "allowed without quotation marks: true or false, in lower case; write hflip = true"),
        ("hflip = FALSE", "allowed without quotation marks: true or false, in lower case; write hflip = false"),
        ("hflip = yes", "allowed without quotation marks: true or false, in lower case; write hflip = true"),
        ("hflip = off", "allowed without quotation marks: true or false, in lower case; write hflip = false"),
        ("source = “auto”", 'typographic quotation marks; allowed: plain ones ("), as in source = "text"'),
        ("source = „auto“", 'typographic quotation marks; allowed: plain ones ("), as in source = "text"'),
        ("source = \u2018auto\u2019", 'typographic quotation marks; allowed: plain ones ("), as in source = "text"'),
        ("fps = 1\nsize = 2\nfps = 3", "fps is set already on line 1; allowed: each key once in a table"),
        ("[a]\nfps = 1\n[b]\nfps = 1\nfps = 3", "fps is set already on line 4; allowed: each key once in a table"),
        (
            "[camera.front]\nfps = 1\n[gateway]\n[camera.front]",
            "[camera.front] is there already on line 1; allowed: one table of each name, with all of its keys",
        ),
        (
            "[camera.front]\ncontrols = { a = 1 }\n[camera.front.controls]",
            "[camera.front.controls] is there already on line 2; allowed: one table of each name, with all of its keys",
        ),
        ("fps =", "a value is missing after fps ="),
        ("fps = # fast", "a value is missing after fps ="),
        ("fps: 30", "a key and its value stand around =, as in fps = …"),
        ("fps 30", "a key and its value stand around =, as in fps = …"),
        ("fps = 30,", "a line does not end with ','; write fps = 30"),
        ("fps = 30;", "a line does not end with ';'; write fps = 30"),
        ("fps = 0,5", "a number takes a decimal point; write fps = 0.5"),
        ("fps = 05", "a number has no zeros before it; write fps = 5"),
        ("// note", "a comment begins with #"),
        ("[camera front]", "a table begins with its name in brackets, without spaces, such as [camera.front]"),
        ("[camera.front", "a table begins with its name in brackets, without spaces, such as [camera.front]"),
        ('source = "auto', "the closing quotation mark is missing"),
        ('source = "auto\nfps = 1', "the closing quotation mark is missing"),
        ("source = 'auto", "the closing quotation mark is missing"),
        ("fps = [1,\n2", "a list is not closed: ] is missing, or a comma between its values"),
        ("c = { a = 1", "a table is not closed: } is missing on the same line, or a comma between its keys"),
        (
            'source = "C:\\clip"',
            "a single backslash in double quotation marks; allowed: \\\\, or single quotation marks around the text",
        ),
        ('a = ["x", \n', "a list is not closed: ] is missing, or a comma between its values"),
        ("[a.b] // x", "there is something after [a.b]: '// x'; allowed: a comment, which begins with #"),
        ("[a.b] fps = 3", "there is something after [a.b]: 'fps = 3'; allowed: a comment, which begins with #"),
        ("<<<<<<< HEAD\nfps = 1", "a conflict of a merge is not resolved here"),
        ("fps = 1\n=======\nfps = 2", "a conflict of a merge is not resolved here"),
        ("\u00a0fps = 1", "the line begins with the character '\\xa0'; allowed: spaces and tabs"),
        ('a = "1" b = 2', "there is something after the value; allowed: one key and one value on a line"),
    ],
)
def test_the_reason_says_what_to_change(text: str, reason: str) -> None:
    assert explained(text).splitlines()[0].endswith(f": not valid TOML: {reason}")


def test_passwords_of_urls_are_not_shown() -> None:
    message = explained("source = rtsp://anna:secret@10.0.0.9/stream")

    assert "secret" not in message
    assert 'write source = "rtsp://anna:…@10.0.0.9/stream"' in message


@pytest.mark.parametrize("prefix", ["", "ü" * 30, "x" * 300])
def test_the_mark_is_under_the_column_of_a_long_line(prefix: str) -> None:
    shown, mark = explained(f'"{prefix}" = 1 ~').splitlines()[1:]

    assert shown[mark.index("^")] == "~"
    assert len(shown) <= 104


def test_a_problem_without_advice_is_told_in_the_words_of_the_parser() -> None:
    assert explained("= 1") == "line 1, column 1: not valid TOML: Invalid statement\n    = 1\n    ^"
