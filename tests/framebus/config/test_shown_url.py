"""Of a camera's URL people see where the camera is, and nothing that may be a secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framebus.config.shown_url import shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("http://cam", "http://cam"),
        ("http://cam/video", "http://cam/video"),
        ("rtsp://[fe80::1]:554/x", "rtsp://[fe80::1]:554/x"),
        ("rtsp://cam/Streaming/Channels/101", "rtsp://cam/Streaming…"),
        ("http://admin:geheim@cam:81/video?size=2", "http://cam:81/video…"),
        ("rtsp://admin@cam/", "rtsp://cam/"),
        ("rtsp://:geheim@[fe80::1]:554/x", "rtsp://[fe80::1]:554/x"),
        ("rtsp://10.0.0.1/user=admin_password=geheim_channel=1", "rtsp://10.0.0.1/…"),
        ("http://cam/;pw=geheim", "http://cam/…"),
        ("http://cam/v#geheim", "http://cam/v…"),
        # Not as a login must be written: then rather too little is shown.
        ("http://admin:p@geheim@cam/", "http://…"),
        ("http://admin:ge/heim@cam/", "http://…"),
        ("http://admin:ge?heim@cam/v", "http://…"),
        ("http://admin:ge#heim@cam/@v", "http://…"),
        ("rtsp:/admin:geheim@cam/x", "rtsp://…"),
        ("rtsp//admin:geheim@cam/x", "…"),
        ("admin:geheim@cam/x", "…"),
        ("geheim:x@cam/x", "…"),
        ("http://cam:geheim/x", "http://…"),
        ("", "…"),
    ],
)
def test_what_people_see(text: str, seen: str) -> None:
    assert shown(text) == seen


KEYS = ["pw", "p", "psw", "pwd", "api_key", "access_token", "secret", "sid", "token", "loginpas", "X"]


@given(
    st.text(min_size=1),
    st.sampled_from(
        [
            "http://a:{}@cam/v",
            "rtsp://:{}@cam",
            "rtsp:/a:{}@cam",
            "{}:b@cam/x",
            "http://{}@cam",
            "rtsp://cam/user=a_pw={}",
        ]
        + [f"http://cam/?x=1&{key}={{}}" for key in KEYS]
    ),
)
def test_a_secret_is_never_seen(secret: str, form: str) -> None:
    hidden = f"«{secret}»"
    assert hidden not in shown(form.format(hidden))
