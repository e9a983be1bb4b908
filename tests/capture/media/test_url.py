"""URLs of cameras are taken apart as their owners mean them."""

import pytest

from capture.media.url import MediaUrl, UrlError


def test_taken_apart() -> None:
    url = MediaUrl.parse("HTTP://ad%40min:p%3Aw@Cam.local:8080/a b/ü?x=1&y=%20#frag")
    assert (url.scheme, url.host, url.login) == ("http", "cam.local", ("ad@min", "p:w"))
    assert url.without_login == "HTTP://Cam.local:8080/a%20b/%C3%BC?x=1&y=%20"
    assert url.path_and_query == "/a%20b/%C3%BC?x=1&y=%20"
    assert url.port == 8080


@pytest.mark.parametrize(
    ("text", "asked"),
    [("http://cam", "/"), ("http://cam?x=1", "/?x=1"), ("http://a:b@cam/v#top", "/v"), ("http://cam/a%2Fb", "/a%2Fb")],
)
def test_what_a_request_line_asks_for(text: str, asked: str) -> None:
    assert MediaUrl.parse(text).path_and_query == asked


def test_a_login_moves_to_another_url_as_it_is_written() -> None:
    moved = MediaUrl.parse("https://cam:8443/x?y").with_login_of(MediaUrl.parse("http://a%40b:c@cam/"))
    assert moved.text == "https://a%40b:c@cam:8443/x?y"
    assert moved.login == ("a@b", "c")


@pytest.mark.parametrize(
    ("text", "login"),
    [("http://cam/", None), ("http://a@cam/", ("a", "")), ("http://:x@cam/", ("", "x")), ("rtsp://[::1]:1/", None)],
)  # fmt: skip
def test_the_login(text: str, login: tuple[str, str] | None) -> None:
    assert MediaUrl.parse(text).login == login


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("http://cam/\n", "it holds a control character"),
        ("http://cam/\0", "it holds a control character"),
        ("http://cam:99999/", "its address cannot be read"),
        ("http://[::x]/", "its address cannot be read"),
        ("http://cam:http/", "a port is a number, and @ / ? # : within a login are written %40 %2F %3F %23 %3A"),
        ("http://a:ge/heim@cam/", "a port is a number, and @ / ? # : within a login are written %40 %2F %3F %23 %3A"),
    ],
)
def test_what_is_no_url(text: str, flaw: str) -> None:
    with pytest.raises(UrlError) as said:
        MediaUrl.parse(text)
    assert str(said.value) == flaw


def test_the_same_url_at_another_address_keeps_its_login_and_its_path() -> None:
    url = MediaUrl.parse("rtsp://admin:ge%40heim@camera:554/stream?x=1")
    assert url.at("127.0.0.1", 4000) == "rtsp://admin:ge%40heim@127.0.0.1:4000/stream?x=1"
    assert MediaUrl.parse("rtsp://[fe80::1]").at("127.0.0.1", 4000) == "rtsp://127.0.0.1:4000"
