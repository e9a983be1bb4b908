"""Every reason is one sentence for the owner of the camera: what is wrong, and what to do."""

import errno
import inspect
import os
import socket
from typing import Any

import pytest

from capture.media import reasons

NAME = "http://camera/video"
EXAMPLES: dict[str, Any] = {
    "name": NAME,
    "flaw": "it is odd",
    "host": "camera",
    "seconds": 2.5,
    "code": 404,
    "has_login": True,
    "content_type": "text/html",
    "offered": ["negotiate", "bearer"],
    "fingerprint": "sha256:00",
    "seen": "sha256:11",
    "codec": "JPEG",
    "error": OSError(errno.EIO, os.strerror(errno.EIO)),
    "found": "audio",
    "kind": "video/x-h264",
    "reason": "Invalid data",
    "size": (4000, 3000),
    "most": 8,
}
REASONS = [name for name, _ in inspect.getmembers(reasons, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", REASONS)
def test_a_reason_is_one_line_that_begins_with_the_name_of_the_camera(name: str) -> None:
    function = getattr(reasons, name)
    said = function(**{parameter: EXAMPLES[parameter] for parameter in inspect.signature(function).parameters})
    assert said.startswith(f"{NAME}: ")
    assert said.isprintable()
    assert said == said.strip()
    assert not said.endswith((".", ";", ":", ","))


@pytest.mark.parametrize(
    ("code", "has_login", "said"),
    [
        (401, True, "answers 401 Unauthorized: it refuses the login; check user and password in the URL"),
        (
            401,
            False,
            "answers 401 Unauthorized: it wants a login; write it into the URL, as in http://USER:PASSWORD@camera/",
        ),
        (403, True, "answers 403 Forbidden; check the path in the URL"),
        (454, True, "answers 454; check the path in the URL"),
        (499, False, "answers 499; check the path in the URL"),
        (500, False, "answers 500 Internal Server Error: the camera has a fault of its own; restart it"),
        (599, False, "answers 599: the camera has a fault of its own; restart it"),
    ],
)
def test_a_status_is_told_with_what_to_do(code: int, has_login: bool, said: str) -> None:
    assert reasons.status(NAME, code, has_login) == f"{NAME}: {said}"


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "rtsps"])
def test_the_example_of_a_login_has_the_scheme_of_the_camera(scheme: str) -> None:
    assert f"as in {scheme}://USER:PASSWORD@camera/" in reasons.status(f"{scheme}://camera/v", 401, False)


def failed(number: int) -> OSError:
    return OSError(number, os.strerror(number))


NO_ROUTE = "cannot be reached from this machine; check the address and the network"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            failed(errno.ECONNREFUSED),
            "refuses the connection; check that the camera is on and that the port is right",
        ),
        (failed(errno.ECONNRESET), "broke the connection off"),
        (failed(errno.EPIPE), "broke the connection off"),
        (ConnectionResetError(), "broke the connection off"),
        (ConnectionAbortedError(), "broke the connection off"),
        (failed(errno.EHOSTUNREACH), NO_ROUTE),
        (failed(errno.ENETUNREACH), NO_ROUTE),
        (failed(errno.EMFILE), "the connection failed: Too many open files"),
        (OSError("odd"), "the connection failed: odd"),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "the host name camera was not found; check the name, or write the camera's IP address",
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "the host name camera was not found; check the name, or write the camera's IP address",
        ),
    ],
    ids=str,
)
def test_a_connection_that_fails_is_told_by_its_error(error: OSError, said: str) -> None:
    assert reasons.refused(NAME, "camera", error) == f"{NAME}: {said}"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOENT, "there is no such file; check `source`"),
        (errno.ENOTDIR, "there is no such file; check `source`"),
        (errno.EACCES, "no permission to read it; allow it to the user that runs framebus"),
        (errno.EIO, "it cannot be read: Input/output error"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_its_error(number: int, said: str) -> None:
    assert reasons.unreadable_file("clip", failed(number)) == f"clip: {said}"


def test_logins_of_unknown_kinds_are_listed() -> None:
    assert "(negotiate, bearer); allowed: basic, and digest with" in reasons.login_kind(NAME, ["negotiate", "bearer"])
    assert "does not say how to log in" in reasons.login_kind(NAME, [])


def test_a_certificate_is_told_with_the_line_that_would_trust_it() -> None:
    assert reasons.untrusted(NAME, "self-signed certificate", "sha256:ab").endswith(
        'write tls_fingerprint = "sha256:ab" into its table of the configuration'
    )
    assert reasons.untrusted(NAME, "self-signed certificate", "").endswith(
        "write tls_fingerprint into its table of the configuration"
    )


@pytest.mark.parametrize(
    ("flaw", "said"), [("WRONG_VERSION_NUMBER", "(wrong version number)"), ("", "(failed)"), ("EOF", "(eof)")]
)
def test_a_failure_of_openssl_is_put_in_words(flaw: str, said: str) -> None:
    assert said in reasons.no_tls(NAME, flaw)


@pytest.mark.parametrize(("seconds", "said"), [(2.0, "2 seconds"), (0.5, "0.5 seconds"), (10.0, "10 seconds")])
def test_seconds_are_written_without_needless_digits(seconds: float, said: str) -> None:
    for reason in (
        reasons.no_connection,
        reasons.no_answer,
        reasons.silent,
        reasons.no_jpeg,
        reasons.no_key_frame,
    ):
        assert said in reason(NAME, seconds)


def test_measured_seconds_are_integers() -> None:
    assert "for 12 seconds" in reasons.no_picture_decoded(NAME, 12.345)
    assert "written last 12 seconds ago" in reasons.not_written(NAME, 12.345)


def test_megapixels_are_told_with_the_limit() -> None:
    assert reasons.too_many_pixels(NAME, (4000, 3000), 8.0) == (
        f"{NAME}: 4000x3000 are 12.0 megapixels, allowed: at most 8 (max_megapixels of this camera)"
    )
    assert reasons.too_many_pixels(NAME, (4000, 3000), 8.5).endswith("at most 8.5 (max_megapixels of this camera)")


def test_an_unknown_codec_over_tls_is_said_to_be_unknown() -> None:
    assert "sends an unknown codec; over rtsps:// " in reasons.codec_over_tls(NAME, "")
    assert "sends JPEG; over rtsps:// " in reasons.codec_over_tls(NAME, "JPEG")
