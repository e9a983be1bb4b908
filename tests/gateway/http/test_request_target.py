"""The normal form of a request target."""

import pytest

from gateway.http.request_target import normalized


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        ("/snapshot.jpg", "/snapshot.jpg", None),
        ("//snapshot.jpg", "/snapshot.jpg", None),
        ("/%73napshot.jpg?x=%73", "/snapshot.jpg?x=%73", None),
        ("http://cam.lan:8080/snapshot.jpg?a=b//c", "/snapshot.jpg?a=b//c", "cam.lan:8080"),
        ("HTTP://cam.lan", "/", "cam.lan"),
        ("http://cam.lan?x", "/?x", "cam.lan"),
        ("/camera/../api/./cameras", "/api/cameras", None),
        ("/a/%2e%2e/b", "/b", None),
        ("/../../x", "/x", None),
        ("/camera/front/.", "/camera/front/", None),
        ("/a%2Fb%20", "/a%2Fb%20", None),
        ("/.well-known", "/.well-known", None),
        ("*", "*", None),
        ("/webcam/?action=stream", "/?action=stream", None),
        ("/webcam?action=snapshot", "/?action=snapshot", None),
        ("/webcam/camera/front/ws", "/camera/front/ws", None),
        ("/webcam2/", "/webcam2/", None),
        ("/camera/webcam/", "/camera/webcam/", None),
        ("/stream/", "/stream", None),
        ("/webcam/snapshot/?x", "/snapshot?x", None),
        ("/camera/front/stream.mjpg/", "/camera/front/stream.mjpg", None),
        ("/snapshot.jpg//", "/snapshot.jpg", None),
        ("/camera/stream/", "/camera/stream/", None),
        ("/camera/front/", "/camera/front/", None),
    ],
)
def test_a_target_has_one_form(target: str, path: str, host: str | None) -> None:
    assert normalized(target) == (path, host)


@pytest.mark.parametrize(
    ("target", "path", "host"),
    [
        ("", "", None),
        ("/", "/", None),
        ("///", "/", None),
        ("/..", "/", None),
        ("/a/..", "/", None),
        ("/a/b/..", "/a/", None),
        ("/%2E", "/", None),
        ("/a%2fb", "/a%2fb", None),
        ("/%252e%252e/x", "/%252e%252e/x", None),
        ("/%zz%4", "/%zz%4", None),
        ("/%7e%2D%5F", "/~-_", None),
        ("/a?b=../..//c", "/a?b=../..//c", None),
        ("/a?b?c", "/a?b?c", None),
        ("/a?", "/a?", None),
        ("/...", "/...", None),
        ("HTTPS://h/..", "/", "h"),
        ("http:///x", "/x", ""),
        ("http://user@h/x", "/x", "user@h"),
        ("ftp://h/x", "ftp://h/x", None),
        ("h:443", "h:443", None),
        ("a/../b", "a/../b", None),
    ],
)
def test_a_target_of_an_odd_form_is_normalized(target: str, path: str, host: str | None) -> None:
    assert normalized(target) == (path, host)


@pytest.mark.parametrize("target", ["/a//%2e%2e/./b%20%7e?x=//..", "/../..//", "/.a/..b/...", "/%2e%2e%2f..", "*"])
def test_a_normal_target_stays_as_it_is(target: str) -> None:
    path, _ = normalized(target)
    assert normalized(path) == (path, None)
