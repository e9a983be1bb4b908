"""Relative redirects."""

from urllib.parse import urljoin

import pytest

from gateway.http.redirects import relative


@pytest.mark.parametrize(
    ("path", "target", "way"),
    [
        ("/", "/login", "./login"),
        ("/camera/front/", "/login", "../../login"),
        ("/camera/front", "/", "../"),
        ("/login", "/camera/a:b/", "./camera/a:b/"),
        ("/login", "/", "./"),
    ],
)
def test_a_way_is_relative(path: str, target: str, way: str) -> None:
    assert relative(path, target) == way


@pytest.mark.parametrize("path", ["/", "/login", "/camera/front", "/camera/front/", "/api/cameras/front/controls"])
@pytest.mark.parametrize("target", ["/", "/login", "/login?next=/camera/front/", "/camera/front/"])
@pytest.mark.parametrize("prefix", ["", "/cams", "/a/b"])
def test_a_browser_arrives_at_the_target_under_any_prefix(prefix: str, path: str, target: str) -> None:
    assert urljoin(f"http://host{prefix}{path}", relative(path, target)) == f"http://host{prefix}{target}"
