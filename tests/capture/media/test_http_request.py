"""One request after another to a camera over HTTP: redirects, cookies, challenges, and certificates."""

import contextlib
import hashlib
import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from capture.media import http_request
from capture.media.http_request import MAX_REDIRECTS, USER_AGENT, HttpRequests
from capture.media.latest_reader import Interrupted
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from framebus.config.tls_fingerprint import TlsFingerprint
from tests.capture.media.mjpeg_camera import Answer, Call, IpCamera, Multipart, guarded, ok, refusing, saying
from tests.capture.media.watching import LOGIN, PICTURES, every_frame, failure, opened, picture
from tests.processes import DEADLINE_SECONDS
from tests.programs import need

pytestmark = pytest.mark.usefixtures("proxy_without_server")


def requests(url: str, patience: float = DEADLINE_SECONDS) -> HttpRequests:
    return HttpRequests(MediaUrl.parse(url), "camera", patience, CameraTls())


def got(asking: HttpRequests) -> bytes:
    """The body of one answer, whose connection is closed afterwards."""
    with contextlib.closing(asking.get()) as answer:
        return answer.response.read()


def endless(call: Call) -> None:
    """Send a byte, and leave the connection open."""
    call.send(ok("text/plain", b"x"))
    call.keep()


def refusal(asking: HttpRequests) -> SourceError:
    with pytest.raises(SourceError) as said:
        asking.get()
    return said.value


def test_the_request_is_that_of_a_browser_and_asks_for_one_answer() -> None:
    with IpCamera(saying(ok("text/plain", b"hello"))) as server:
        assert got(requests(server.url("/v?channel=1&q=ä b#top"))) == b"hello"
        [call] = server.calls
    assert call.path == "/v?channel=1&q=%C3%A4%20b"
    assert call.header("User-Agent") == USER_AGENT
    assert call.header("Connection") == "close"
    assert call.header("Host") == f"127.0.0.1:{server.port}"
    assert call.header("Authorization") == call.header("Cookie") == ""


def test_the_answer_tells_where_it_came_from_and_whether_the_login_belongs_there() -> None:
    with IpCamera(saying(ok("text/plain"))) as other:
        moved = refusing("302 Found", f"Location: {other.url('/moved')}")
        with IpCamera(moved) as server, contextlib.closing(requests(server.url(login=LOGIN)).get()) as answer:
            assert (answer.url.text, answer.with_login) == (other.url("/moved"), False)
        with contextlib.closing(requests(other.url(login=LOGIN)).get()) as answer:
            assert answer.with_login


def test_closing_an_answer_closes_its_connection_and_the_duplicate() -> None:
    with IpCamera(endless) as server:
        answer = requests(server.url()).get()
        assert answer.socket.fileno() >= 0
        answer.close()
        assert answer.socket.fileno() == -1
        assert answer.connection.sock is None


def test_a_duplicate_can_be_shut_down_while_the_response_is_read() -> None:
    with IpCamera(endless) as server, contextlib.closing(requests(server.url()).get()) as answer:
        assert answer.response.read(1) == b"x"
        answer.socket.shutdown(socket.SHUT_RDWR)
        assert answer.response.read() == b""


@pytest.mark.parametrize(
    ("status", "is_momentary"),
    [
        ("204 No Content", False),
        ("205 Reset Content", False),
        ("404 Not Found", False),
        ("499 Odd", False),
        ("500 Oops", True),
        ("503 Busy", True),
    ],
)
def test_only_a_fault_of_the_camera_is_worth_asking_again(status: str, is_momentary: bool) -> None:
    with IpCamera(refusing(status)) as server:
        assert isinstance(refusal(requests(server.url())), Interrupted) == is_momentary


def test_a_camera_that_hangs_up_is_asked_again_and_one_that_speaks_something_else_is_not() -> None:
    with IpCamera(saying(b"")) as server:
        assert isinstance(refusal(requests(server.url())), Interrupted)
    with IpCamera(saying(b"RTSP/1.0 400 Bad Request\r\n\r\n")) as server:
        said = refusal(requests(server.url()))
    assert not isinstance(said, Interrupted)
    assert str(said) == "camera: does not speak HTTP; check the port in the URL"


@pytest.mark.parametrize("redirects", [MAX_REDIRECTS, MAX_REDIRECTS + 1])
def test_so_many_redirects_are_followed(redirects: int) -> None:
    def answer(call: Call) -> None:
        number = int(call.path[1:])
        left = refusing("302 Found", f"Location: /{number + 1}") if number < redirects else saying(ok("", b"here"))
        left(call)

    with IpCamera(answer) as server:
        asking = requests(server.url("/0"))
        if redirects == MAX_REDIRECTS:
            assert got(asking) == b"here"
        else:
            assert str(refusal(asking)) == "camera: redirects again and again; check the path in the URL"
        assert len(server.calls) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("location", ["next", "./next", "/a/next", "//127.0.0.1:{port}/a/next", "next#part"])
def test_a_redirect_may_be_relative(location: str) -> None:
    def answer(call: Call) -> None:
        target = location.format(port=server.port)
        (saying(ok("", b"here")) if call.path == "/a/next" else refusing("301 Moved", f"Location: {target}"))(call)

    with IpCamera(answer) as server:
        assert got(requests(server.url("/a/first?x=1"))) == b"here"


def test_a_login_goes_along_a_redirect_within_the_camera() -> None:
    def answer(call: Call) -> None:
        (saying(ok("", b"here")) if call.path == "/there" else refusing("302 Found", "Location: /there"))(call)

    with IpCamera(guarded("Basic", LOGIN, answer)) as server:
        assert got(requests(server.url("/here", LOGIN))) == b"here"
        assert [bool(call.header("Authorization")) for call in server.calls] == [False, True, True]


def challenge(nonce: str, *more: str) -> Answer:
    return refusing("401 Unauthorized", ", ".join([f'WWW-Authenticate: Digest realm="x", nonce="{nonce}"', *more]))


def test_an_expired_nonce_is_answered_with_the_new_one() -> None:
    answers = iter([challenge("1"), saying(ok("", b"a")), challenge("2"), saying(ok("", b"b"))])
    with IpCamera(lambda call: next(answers)(call)) as server:
        asking = requests(server.url(login=LOGIN))
        assert [got(asking), got(asking)] == [b"a", b"b"]
        assert 'nonce="2"' in server.calls[-1].header("Authorization")


def test_a_login_that_the_camera_calls_stale_is_made_once_more_and_not_again() -> None:
    with IpCamera(challenge("1", "stale=true")) as server:
        assert "it refuses the login" in str(refusal(requests(server.url(login=LOGIN))))
        assert len(server.calls) == 1 + http_request.MAX_LOGINS


def test_after_a_refusal_the_next_request_begins_without_a_login() -> None:
    with IpCamera(challenge("1")) as server:
        asking = requests(server.url(login=LOGIN))
        for _ in range(2):
            refusal(asking)
        assert [bool(call.header("Authorization")) for call in server.calls] == [False, True, False, True]


def test_cookies_are_kept_by_name_and_sent_back_without_their_attributes() -> None:
    cookies = [
        ("Set-Cookie: a=1; Path=/; HttpOnly", "Set-Cookie: b=x=y"),
        ("Set-Cookie: a=2", "Set-Cookie: odd", "Set-Cookie: bad=\x01"),
        (),
    ]
    lines = iter(cookies)
    with IpCamera(lambda call: call.send(ok("text/plain", b"", *next(lines)))) as server:
        asking = requests(server.url())
        for _ in cookies:
            got(asking)
        assert [call.header("Cookie") for call in server.calls] == ["", "a=1; b=x=y", "a=2; b=x=y"]


def test_cookies_of_another_server_are_not_kept_and_those_of_the_camera_are_not_sent_there() -> None:
    with IpCamera(lambda call: call.send(ok("", b"", "Set-Cookie: stranger=1"))) as other:
        moved = refusing("302 Found", "Set-Cookie: own=1", f"Location: {other.url('/x')}")
        with IpCamera(moved) as server:
            asking = requests(server.url())
            got(asking)
            got(asking)
            assert [call.header("Cookie") for call in server.calls] == ["", "own=1"]
        assert [call.header("Cookie") for call in other.calls] == ["", ""]


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/x", "file:///etc/passwd", "rtsp://127.0.0.1/", ""])
def test_a_redirect_leads_to_http_alone(target: str) -> None:
    with IpCamera(refusing("302 Found", f"Location: {target}")) as server:
        assert failure(server.url(login=LOGIN)) == (
            f"{server.url()}: redirects to an address that is not http:// or https://; check the path in the URL"
        )


def test_redirects_in_a_circle_end() -> None:
    with IpCamera(refusing("302 Found", "Location: /video")) as server:
        assert failure(server.url()) == f"{server.url()}: redirects again and again; check the path in the URL"
        assert len(server.calls) == 6


def test_a_session_that_begins_with_a_redirect_is_kept() -> None:
    def answer(call: Call) -> None:
        if call.header("Cookie") == "session=1":
            Multipart(None, PICTURES[0])(call)
        else:
            refusing("302 Found", "Set-Cookie: session=1; Path=/", "Location: /video")(call)

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]


# --- redirects and certificates ---


def test_a_redirect_is_followed() -> None:
    multipart = Multipart(None, PICTURES[0])
    moved = refusing("302 Found", "Location: /there")

    def answer(call: Call) -> None:
        (multipart if call.path == "/there" else moved)(call)

    with IpCamera(answer) as server, opened(server.url("/here")) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]


def test_https_needs_a_certificate_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=camera"
    options += f" -addext subjectAltName=IP:127.0.0.1 -keyout {key}"
    subprocess.run([need("openssl"), "req", *options.split(), "-out", certificate], check=True, capture_output=True)
    fingerprint = f"sha256:{hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with IpCamera(Multipart(None, PICTURES[0]), context) as server:
        url = server.url(scheme="https", login=LOGIN)
        assert failure(url) == (
            f"{server.url(scheme='https')}: its certificate is not trusted (self-signed certificate); to trust "
            "this one, compare it with the camera's and write "
            f'tls_fingerprint = "{fingerprint}" into its table of the configuration'
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with opened(url) as source:
            assert picture(source, every_frame()).jpeg == PICTURES[0]


@pytest.fixture
def self_signed(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A certificate for another name, and its fingerprint."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = f"-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other -keyout {key}"
    subprocess.run([need("openssl"), "req", *options.split(), "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()


def tls_source(server: IpCamera, tls: CameraTls, login: str = LOGIN) -> MediaSource:
    url = server.url(scheme="https", login=login)
    return MediaSource(url, Size(64, 48), 30, 80, options=MediaOptions(tls=tls))


@pytest.mark.slow
@pytest.mark.parametrize("by", ["fingerprint", "no check"])
def test_a_certificate_for_another_name_can_be_trusted(by: str, self_signed: tuple[ssl.SSLContext, str]) -> None:
    context, digits = self_signed
    tls = CameraTls(fingerprint=TlsFingerprint(digits)) if by == "fingerprint" else CameraTls(verify=False)
    camera = guarded("Basic", LOGIN, Multipart(None, PICTURES[0]))
    with IpCamera(camera, context) as server, contextlib.closing(tls_source(server, tls)) as source:
        source.open()
        assert picture(source, every_frame()).jpeg == PICTURES[0]


@pytest.mark.parametrize("login", [LOGIN, ""], ids=["login", "no login"])
@pytest.mark.parametrize("by", ["another fingerprint", "authorities"])
def test_a_certificate_that_is_not_trusted_gets_no_request(
    by: str, login: str, self_signed: tuple[ssl.SSLContext, str]
) -> None:
    context, digits = self_signed
    tls = CameraTls(fingerprint=TlsFingerprint("0" * 64)) if by == "another fingerprint" else CameraTls()
    with IpCamera(Multipart(None, PICTURES[0]), context) as server:
        with contextlib.closing(tls_source(server, tls, login)) as source, pytest.raises(SourceError) as said:
            source.open()
        assert f"sha256:{digits}" in str(said.value)
        assert "certificate" in str(said.value)
        assert server.calls == []
