"""The Content Security Policy of the pages."""

import pytest

from gateway.http.csp import policy


@pytest.mark.parametrize(
    ("frames", "ancestors"),
    [
        ([], "'self'"),
        (["https://a.example"], "'self' https://a.example"),
        (["https://a.example", "http://b:8123"], "'self' https://a.example http://b:8123"),
        (["*"], "*"),
        (["https://a.example", "*"], "*"),
    ],
)
def test_only_the_listed_sites_may_show_the_page(frames: list[str], ancestors: str) -> None:
    assert policy(frames).split("; ")[-1] == f"frame-ancestors {ancestors}"


def test_nothing_is_inline_or_from_elsewhere() -> None:
    directives = dict(directive.split(" ", 1) for directive in policy([]).split("; "))
    assert directives.pop("default-src") == "'none'"
    assert set(directives.values()) == {"'self'"}
    assert {"script-src", "base-uri", "form-action"} <= directives.keys()
