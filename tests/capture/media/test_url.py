"""URLs of cameras are taken apart as their owners mean them, and shown without what is secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media.url import MediaUrl, UrlError, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("http://cam/video", "http://cam/video"),
        ("http://admin:geheim@cam:81/video?size=2", "http://cam:81/video?size=2"),
        ("rtsp://admin@cam/", "rtsp://cam/"),
        ("rtsp://:geheim@[fe80::1]:554/x", "rtsp://[fe80::1]:554/x"),
        ("rtsp://cam/user@home", "rtsp://cam/user@home"),
        ("http://admin:p@geheim@cam/", "http://cam/"),
        ("http://admin:geheim@", "http://"),
        ("http://cam/v?user=a&pwd=geheim&x=1", "http://cam/v?user=a&pwd=***&x=1"),
        ("http://cam/v?PASSWORD=geheim#top", "http://cam/v?PASSWORD=***#top"),
        ("http://cam/v?loginuse=a&loginpas=geheim", "http://cam/v?loginuse=a&loginpas=***"),
        ("http://cam/v?token=geheim&key=geheim&auth=geheim&pass=geheim", "http://cam/v?token=***&key=***&auth=***&pass=***"),
        ("http://cam/v?keyframe=1&passage=2", "http://cam/v?keyframe=1&passage=2"),
        # Not as a login must be written: then rather too little is shown.
        ("http://admin:ge/heim@cam/", "http://cam/"),
        ("http://admin:ge?heim@cam/v", "http://cam/v"),
        ("http://admin:ge#heim@cam/@v", "http://v"),
    ],
)  # fmt: skip
def test_what_people_see(text: str, seen: str) -> None:
    assert shown(text) == seen


@pytest.mark.slow
@given(st.text(min_size=1), st.sampled_from(["http://a:{}@cam/v", "rtsp://:{}@cam", "http://cam/?x=1&pwd={}"]))
def test_a_secret_is_never_seen(secret: str, form: str) -> None:
    hidden = f"«{secret}»".replace("&", "")
    if "pwd" in form:
        hidden = hidden.replace("#", "")
    assert hidden not in shown(form.format(hidden))


def test_taken_apart() -> None:
    url = MediaUrl.parse("HTTP://ad%40min:p%3Aw@Cam.local:8080/a b/ü?x=1&y=%20#frag")
    assert (url.scheme, url.host, url.login) == ("http", "cam.local", ("ad@min", "p:w"))
    assert url.without_login == "HTTP://Cam.local:8080/a%20b/%C3%BC?x=1&y=%20"
    assert url.root == "HTTP://Cam.local:8080/"


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
