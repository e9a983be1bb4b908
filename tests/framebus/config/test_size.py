"""The size of a picture: what is read, how it is written, and what is refused."""

import pytest

from framebus.config.size import Size

ALLOWED = 'WIDTHxHEIGHT in pixels, each from 16 to 8192, such as "1280x720"'


@pytest.mark.parametrize(
    ("text", "size"), [("16x16", Size(16, 16)), ("8192x8192", Size(8192, 8192)), ("1920x1080", Size(1920, 1080))]
)
def test_a_size_is_read_and_written_alike(text: str, size: Size) -> None:
    assert Size.parse(text) == size
    assert str(size) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "1280", "1280x", "x720", "1280X720", "1280x720x3", "-1x16", "1e3x16", "9" * 5000),
        *("15x16", "16x15", "8193x16", "16x8193", "0x0", "99999x16"),
        *(" 1280x720", "1280x720 ", "1280x720\n", "1280 x 720", "1280*720", "+1280x720"),
        "\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT SIX}x16",
    ],
)
def test_any_other_text_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is compared below)
        Size.parse(text)
    assert str(caught.value) == ALLOWED


def test_leading_zeros_are_not_written_again() -> None:
    assert str(Size.parse("0640x0480")) == "640x480"
