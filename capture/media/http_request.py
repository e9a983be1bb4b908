"""GET requests to a camera, with login, redirects and certificate checks; http_stream reads the body.

No proxy of the environment is used: a camera is a neighbour. The login goes only to the camera that the URL names, and
never in clear where the URL says https.
"""

import contextlib
import http
import http.client
import io
import os
import select
import socket
import ssl
from typing import cast
from urllib.parse import urljoin

import msgspec

from capture.media import login, reasons
from capture.media.latest_reader import Interrupted
from capture.media.response_head import CameraResponse
from capture.media.tls import CameraTls, WrongFingerprint, fingerprint_of
from capture.media.url import MediaUrl, UrlError
from capture.source import SourceError

MAX_REDIRECTS = 5
MAX_LOGINS = 2
"""The second only where the camera says that the first came with an old nonce: cameras lock an account after five."""
USER_AGENT = "Mozilla/5.0 (compatible; framebus)"
"""Some cameras answer browsers alone."""
REDIRECTS = (301, 302, 303, 307, 308)
WITH_BODY = (200, 201, 202, 203, 206)
"""What cameras and proxies answer with a picture."""
PAGE_TYPES = ("text/html", "application/xhtml+xml")
CHUNK_END = b"\r\n"
"""Behind the data of a chunk; http.client reads it with the next one."""
DEFAULT_PORTS = {"http": 80, "https": 443}


class _LoginMayHelp(SourceError):
    """A refusal that does not ask for a login."""


class _HungUp(_LoginMayHelp, Interrupted):
    """The camera ended the connection in place of an answer."""


class Answer(msgspec.Struct):
    """What a camera answered, and the socket below it."""

    connection: http.client.HTTPConnection
    response: http.client.HTTPResponse
    stream: socket.socket
    """The socket, or TLS above it, that the response reads from."""
    socket: socket.socket
    """A duplicate: another thread may shut it down while the response is read."""
    url: MediaUrl
    """Where the answer came from, after redirects."""
    with_login: bool
    """Whether that is a place where the login may be sent."""
    is_endless: bool = False
    """Whether a JPEG in it is one of many, as nothing was asked for."""

    def has_more(self, seconds: float) -> bool:
        """Whether more of the body has come, comes within so many seconds, or never will."""
        for _ in range(2):  # what comes first may be the end of a chunk
            if self._holds_bytes():
                return True
            if not select.select([self.socket], [], [], seconds)[0]:
                return False
        return True

    def _holds_bytes(self) -> bool:
        """Whether bytes that have come are in the buffer of http.client or of TLS: `select` does not see those."""
        buffer = cast("io.BufferedReader | None", self.response.fp)
        if buffer is None:  # the body has ended
            return True
        seconds = self.stream.gettimeout()
        try:
            self.stream.settimeout(0)
            held = buffer.peek(1)
        except OSError:  # TLS wants more, or the connection broke: the next read says so
            held = b""
        finally:
            self.stream.settimeout(seconds)
        if self.response.chunked and self.response.chunk_left == 0 and held in (b"\r", CHUNK_END):
            held = b""
        return bool(held) or (isinstance(self.stream, ssl.SSLSocket) and self.stream.pending() > 0)

    def close(self) -> None:
        """Hang up."""
        self.response.close()
        self.connection.close()
        self.socket.close()


class HttpRequests:
    """Asks one URL, and remembers how the camera wants the login, and its cookies."""

    def __init__(self, url: MediaUrl, name: str, patience: float, tls: CameraTls) -> None:
        """`patience` is in seconds, for each wait."""
        self._url = url
        self._name = name
        self._patience = patience
        self._tls = tls
        self._login: login.Login | None = None
        self._login_is_old = False
        """Whether the camera has accepted the login before: then a refusal means that its nonce has expired."""
        self._may_try_basic = url.login is not None
        self._is_guess = False
        """Whether the login in use was not asked for."""
        self._cookies: dict[str, str] = {}

    def get(self) -> Answer:
        """Ask, following redirects. Raises SourceError.

        Some cameras take a login with Basic, but do not ask for it: without one they answer 401 without a challenge,
        403 or a page, or hang up. A camera that has never asked for a login is asked once more with Basic.
        """
        try:
            answer = self._follow()
        except _LoginMayHelp:
            if not self._may_try_basic:
                raise
        else:
            if not (self._may_try_basic and _is_page(answer)):
                self._may_try_basic = False
                return answer
            answer.close()
        assert self._url.login is not None  # see _may_try_basic
        self._login = login.Login(*self._url.login, login.Challenge("basic"))
        self._may_try_basic, self._is_guess = False, True
        return self._follow()

    def _follow(self) -> Answer:
        url = self._url
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._with_login(url) if self._may_have_login(url) else self._ask(url, None)
            if answer.response.status not in REDIRECTS:
                self._check_status(answer)
                return answer
            answer.close()
            url = self._redirected(url, answer.response.headers.get("Location", ""))
        raise SourceError(reasons.redirects(self._name))

    def _may_have_login(self, url: MediaUrl) -> bool:
        """Whether this is the camera of the configuration, or the same host, asked for TLS by itself."""
        own, there = _origin(self._url), _origin(url)
        return own == there or (own[:2] == ("http", there[1]) and there[0] == "https")

    def _redirected(self, url: MediaUrl, location: str) -> MediaUrl:
        try:
            there = MediaUrl.parse(urljoin(url.without_login, location))
        except (UrlError, ValueError):
            raise SourceError(reasons.bad_redirect(self._name)) from None
        if not location or there.scheme not in DEFAULT_PORTS or not there.host:
            raise SourceError(reasons.bad_redirect(self._name))
        return there

    def _with_login(self, url: MediaUrl) -> Answer:
        answer = self._ask(url, self._login)
        for _ in range(MAX_LOGINS):
            challenge = answer.response.headers.get_all("WWW-Authenticate")
            if answer.response.status != http.HTTPStatus.UNAUTHORIZED or self._url.login is None or challenge is None:
                break
            self._may_try_basic = False
            offered = login.challenges(challenge)
            chosen = login.best(offered)
            if chosen is None:
                answer.close()
                raise SourceError(reasons.login_kind(self._name, [one.scheme for one in offered]))
            is_stale = chosen.fields.get("stale", "").lower() == "true" or self._login_is_old
            if self._login is not None and not is_stale and not (self._is_guess and chosen.scheme != "basic"):
                break
            answer.close()
            self._login, self._login_is_old = login.Login(*self._url.login, chosen), False
            self._is_guess = False
            answer = self._ask(url, self._login)
        if answer.response.status == http.HTTPStatus.UNAUTHORIZED:
            self._login = None
        else:
            self._login_is_old = True
        return answer

    def _check_status(self, answer: Answer) -> None:
        code = answer.response.status
        if code in WITH_BODY:
            return
        has_challenge = answer.response.headers.get("WWW-Authenticate") is not None
        answer.close()
        if code == http.HTTPStatus.UNAUTHORIZED and not has_challenge and self._url.login is not None:
            raise _LoginMayHelp(reasons.login_kind(self._name, []))
        if code == http.HTTPStatus.UNAUTHORIZED and self._url.login is not None and not answer.with_login:
            raise SourceError(reasons.login_elsewhere(self._name))
        kind = Interrupted if code >= http.HTTPStatus.INTERNAL_SERVER_ERROR else SourceError
        if code == http.HTTPStatus.FORBIDDEN:
            kind = _LoginMayHelp
        raise kind(reasons.status(self._name, code, self._url.login is not None))

    def _ask(self, url: MediaUrl, used: login.Login | None) -> Answer:
        target = url.path_and_query
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close"}
        if used is not None:
            headers["Authorization"] = used.header("GET", target)
        if self._cookies and self._may_have_login(url):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        connection = http.client.HTTPConnection(url.host, url.port or DEFAULT_PORTS[url.scheme], timeout=self._patience)
        connection.response_class = CameraResponse
        with contextlib.ExitStack() as undo:
            undo.callback(connection.close)
            try:
                connection.sock = stream = self._connect(url)
                duplicate = undo.enter_context(socket.socket(fileno=os.dup(stream.fileno())))
                connection.request("GET", target, headers=headers)
                response = connection.getresponse()
            except TimeoutError:
                raise SourceError(reasons.no_answer(self._name, self._patience)) from None
            except http.client.RemoteDisconnected as error:
                raise _HungUp(reasons.refused(self._name, url.host, error)) from None
            except OSError as error:
                raise Interrupted(reasons.refused(self._name, url.host, error)) from None
            except (http.client.HTTPException, ValueError):
                raise SourceError(reasons.no_http(self._name)) from None
            undo.pop_all()
        answer = Answer(connection, response, stream, duplicate, url, self._may_have_login(url))
        self._keep_cookies(answer)
        return answer

    def _connect(self, url: MediaUrl) -> socket.socket:
        port = url.port or DEFAULT_PORTS[url.scheme]
        try:
            plain = socket.create_connection((url.host, port), self._patience)
        except TimeoutError:
            raise SourceError(reasons.no_connection(self._name, self._patience)) from None
        except UnicodeError:  # an empty label, or one too long
            raise SourceError(reasons.unknown_host(self._name, url.host)) from None
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return plain if url.scheme == "http" else secured(plain, url.host, port, self._tls, self._name, self._patience)

    def _keep_cookies(self, answer: Answer) -> None:
        """A session that a camera begins with a redirect to itself; the rest of RFC 6265 is for browsers."""
        if not answer.with_login:
            return
        for cookie in answer.response.headers.get_all("Set-Cookie") or []:
            name, equals, value = cookie.partition(";")[0].strip().partition("=")
            if equals and value.isprintable():
                self._cookies[name] = value


def secured(plain: socket.socket, host: str, port: int, tls: CameraTls, name: str, patience: float) -> ssl.SSLSocket:
    """The connection with TLS on it. Raises SourceError, which says which line of configuration would trust it."""
    try:
        return tls.wrap(plain, host)
    except WrongFingerprint as error:
        plain.close()
        raise SourceError(reasons.wrong_fingerprint(name, str(error.args[0]))) from None
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise SourceError(reasons.untrusted(name, error.verify_message, fingerprint_of(host, port, patience))) from None
    except ssl.SSLError as error:
        plain.close()
        raise SourceError(reasons.no_tls(name, error.reason or "")) from None
    except BaseException:
        plain.close()
        raise


def _is_page(answer: Answer) -> bool:
    return answer.response.headers.get_content_type() in PAGE_TYPES


def _origin(url: MediaUrl) -> tuple[str, str, int]:
    return url.scheme, url.host.rstrip("."), url.port or DEFAULT_PORTS.get(url.scheme, 0)
