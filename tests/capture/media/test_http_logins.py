"""Logins of a camera over HTTP: each kind that framebus knows, and no password where it does not belong."""

import base64
import contextlib

import pytest

from capture.source import SourceError
from tests.capture.media.mjpeg_camera import Answer, Call, IpCamera, Multipart, guarded, ok, refusing, saying, snapshots
from tests.capture.media.test_http_request import got, requests
from tests.capture.media.watching import LOGIN, PICTURES, every_frame, failure, opened, picture

pytestmark = pytest.mark.usefixtures("proxy_without_server")


@pytest.mark.parametrize("kind", ["Basic", "Digest"])
@pytest.mark.parametrize("answer", [Multipart(None, PICTURES[0]), snapshots(PICTURES[0])], ids=["stream", "snapshot"])
def test_a_login_in_the_url_is_used(kind: str, answer: Answer) -> None:
    with IpCamera(guarded(kind, "ad min:ge:h@im", answer)) as server:
        with opened(server.url("/video?channel=1", login="ad%20min:ge:h%40im")) as source:
            rate_control = every_frame()
            assert [picture(source, rate_control).jpeg for _ in range(1)] == PICTURES[:1]
            assert source.name == server.url("/video…")
        assert server.calls[0].header("Authorization") == ""


@pytest.mark.parametrize("kind", ["Basic", "Digest"])
def test_a_wrong_login_is_offered_only_once(kind: str) -> None:
    with IpCamera(guarded(kind, "admin:right", Multipart())) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: answers 401 Unauthorized: it refuses the login; check user and password in the URL"
        )
        assert len(server.calls) == 2


def test_a_login_that_is_missing_is_asked_for() -> None:
    with IpCamera(guarded("Digest", "admin:right", Multipart())) as server:
        assert failure(server.url()) == (
            f"{server.url()}: answers 401 Unauthorized: it wants a login; "
            "write it into the URL, as in http://USER:PASSWORD@camera/"
        )


@pytest.mark.parametrize(
    ("challenge", "kind"),
    [("Negotiate", "negotiate"), ('Digest realm="x", nonce="y", algorithm=ROT13, qop="auth"', "digest")],
)
def test_a_login_of_another_kind_is_said(challenge: str, kind: str) -> None:
    with IpCamera(refusing("401 Unauthorized", f"WWW-Authenticate: {challenge}")) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: asks for a login of a kind that framebus does not know ({kind}); allowed: basic, and "
            "digest with MD5, SHA-256 or SHA-512-256"
        )


def test_a_refusal_without_a_challenge_names_what_may_be_wrong() -> None:
    with IpCamera(refusing("401 Unauthorized")) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: answers 401 Unauthorized, does not say how to log in, and refuses Basic; check user, "
            "password and path in the URL, or switch basic or digest authentication on in the camera"
        )
        assert [bool(call.header("Authorization")) for call in server.calls] == [False, True]


def with_basic(answer: Answer, otherwise: Answer) -> Answer:
    """A camera that takes LOGIN with Basic, but asks for it in its own way."""
    right = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
    return lambda call: (answer if call.header("Authorization") == right else otherwise)(call)


UNASKED = {
    "401 without a challenge": refusing("401 Unauthorized"),
    "403": refusing("403 Forbidden"),
    "a page": saying(ok("text/html", b"<html>log in</html>")),
    "hangs up": saying(b""),
}


@pytest.mark.parametrize("otherwise", UNASKED.values(), ids=UNASKED)
def test_a_camera_that_takes_basic_without_asking_for_it_gets_it(otherwise: Answer) -> None:
    with IpCamera(with_basic(snapshots(*PICTURES), otherwise)) as server:
        with opened(server.url(login=LOGIN)) as source:
            assert [picture(source, every_frame()).jpeg for _ in PICTURES] == PICTURES
        assert len(server.calls) == len(PICTURES) + 1


def test_a_camera_that_redirects_to_a_page_gets_basic_as_well() -> None:
    def answer(call: Call) -> None:
        if call.path == "/login.htm":
            call.send(ok("text/html", b"<html>log in</html>"))
        else:
            with_basic(snapshots(*PICTURES), refusing("302 Found", "Location: /login.htm"))(call)

    with IpCamera(answer) as server, opened(server.url(login=LOGIN)) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]


@pytest.mark.parametrize("otherwise", UNASKED.values(), ids=UNASKED)
def test_a_camera_that_has_asked_for_digest_never_gets_the_password_in_clear(otherwise: Answer) -> None:
    answers = [guarded("Digest", LOGIN, snapshots(PICTURES[0])), otherwise]

    def answer(call: Call) -> None:
        answers[len(server.calls) > 2](call)

    with IpCamera(answer) as server:
        asking = requests(server.url(login=LOGIN))
        assert got(asking) == PICTURES[0]
        with contextlib.suppress(SourceError):
            got(asking)
        assert len(server.calls) > 2
        assert not [call for call in server.calls if call.header("Authorization").startswith("Basic")]


def test_a_camera_that_hung_up_only_once_may_ask_for_digest() -> None:
    def answer(call: Call) -> None:
        if len(server.calls) > 1:
            guarded("Digest", LOGIN, snapshots(PICTURES[0]))(call)

    with IpCamera(answer) as server:
        assert got(requests(server.url(login=LOGIN))) == PICTURES[0]


def test_a_page_that_is_a_picture_is_shown_with_and_without_a_login() -> None:
    with IpCamera(saying(ok("text/html", PICTURES[0]))) as server:
        with opened(server.url(login=LOGIN)) as source:
            assert picture(source, every_frame()).jpeg == picture(source, every_frame()).jpeg == PICTURES[0]
        assert len(server.calls) <= 4


@pytest.mark.parametrize("kind", ["Basic", "Digest"])
@pytest.mark.parametrize(
    "others",
    [
        ("WWW-Authenticate: Negotiate",),
        ('WWW-Authenticate: Bearer realm="x"',),
        ('WWW-Authenticate: Digest realm="camera", nonce="n", algorithm=ROT13',),
    ],
)
@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_the_challenge_that_can_be_answered_is_chosen_among_several(
    kind: str, others: tuple[str, ...], algorithm: str
) -> None:
    answer = guarded(kind, "admin:geheim ß", Multipart(None, PICTURES[0]), others, algorithm)
    with IpCamera(answer) as server, opened(server.url(login="admin:geheim%20ß")) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]


def test_a_snapshot_answers_the_same_challenge_again_without_being_asked() -> None:
    with IpCamera(guarded("Digest", "admin:geheim", snapshots(*PICTURES), algorithm="SHA-256")) as server:
        with opened(server.url(login=LOGIN)) as source:
            assert [picture(source, every_frame()).jpeg for _ in PICTURES] == PICTURES
        assert len(server.calls) == len(PICTURES) + 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_no_login_follows_a_redirect_to_another_server(status: str) -> None:
    with IpCamera(refusing("401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')) as thief:
        with IpCamera(guarded("Basic", LOGIN, refusing(status, f"Location: {thief.url('/x')}"))) as server:
            assert failure(server.url(login=LOGIN)) == (
                f"{server.url()}: redirects to another address, which wants a login; write that address into `source`, "
                "as a login is never sent to another host than the one it was written for"
            )
        assert [call.header("Authorization") for call in thief.calls] == [""]
        assert all(call.header("Cookie") == "" for call in thief.calls)
