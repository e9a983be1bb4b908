"""Where a login leads back to."""

from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.http.login_return import login_path, next_path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/camera/front/", "/camera/front/"),
        ("/camera/front/?at=1767225600.5", "/camera/front/?at=1767225600.5"),
        ("/camera/front/?at=2026-01-01T12:00:00.250Z", "/camera/front/?at=2026-01-01T12:00:00.250Z"),
        ("/camera/front/?at=2026-01-01T12:00:00%2B01:00", "/camera/front/?at=2026-01-01T12:00:00%2B01:00"),
        ("/camera/front/?token=fb_secret&at=5", "/camera/front/?at=5"),
        ("/camera/front/?at=%22%3E%3Cscript%3E", "/camera/front/"),
        ("/camera/front/?at=5%0d%0aSet-Cookie:x", "/camera/front/"),
        ("/?wall", "/?wall"),
        ("/?wall=%22&token=fb_secret", "/?wall"),
        ("//evil.example/?at=5", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/" + "x" * 500, "/"),
        ("", "/"),
    ],
)
def test_it_is_a_path_of_the_gateway_and_a_moment_at_most(text: str, path: str) -> None:
    assert next_path(text) == path


@pytest.mark.parametrize("at", ["1767225600.5", "2026-01-01T12:00:00.250Z", "2026-01-01T12:00:00+01:00"])
def test_a_moment_comes_back_from_the_login(at: str) -> None:
    (back,) = parse_qs(urlsplit(login_path("/camera/front/", at)).query)["next"]
    found = urlsplit(next_path(back))
    assert (found.path, parse_qs(found.query)) == ("/camera/front/", {"at": [at]})


def test_the_wall_view_comes_back_from_the_login() -> None:
    (back,) = parse_qs(urlsplit(login_path("/", "", wall=True)).query)["next"]
    assert next_path(back) == "/?wall"


@pytest.mark.parametrize("at", ["", "now", "5 or 6", "1" * 41])
def test_what_is_no_moment_is_left_out(at: str) -> None:
    assert login_path("/camera/front/", at) == "/login?next=/camera/front/"
