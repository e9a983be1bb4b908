"""The Set-Cookie header."""

from http.cookies import SimpleCookie

import pytest

from gateway.http.cookies import set_cookie


def test_a_cookie_is_written_with_all_that_counts() -> None:
    assert SimpleCookie(set_cookie("a", "b|c", "/x/", 7, secure=True, framed=False))["a"].value == "b|c"


@pytest.mark.parametrize(
    ("secure", "framed", "end"),
    [
        (False, False, "SameSite=Lax"),
        (True, False, "SameSite=Lax; Secure"),
        (False, True, "SameSite=Lax"),
        (True, True, "SameSite=None; Secure; Partitioned"),
    ],
)
def test_only_a_frame_over_https_gets_a_partitioned_cookie(secure: bool, framed: bool, end: str) -> None:
    assert set_cookie("a", "b", "/x/", 7, secure=secure, framed=framed) == f"a=b; Path=/x/; Max-Age=7; HttpOnly; {end}"


def test_an_empty_value_with_no_time_deletes_the_cookie() -> None:
    assert set_cookie("a", "", "/", 0, secure=False, framed=False) == "a=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
