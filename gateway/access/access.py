"""Decides each request: who it is that asks, and whether that one may. Every handler asks here before anything else."""

import base64
import binascii
import hashlib
import hmac
import logging
import time
from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from framebus.config.load import Config
from framebus.credentials.accounts import Token, User, token_hash
from framebus.credentials.token_usage import keep
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.access.accounts_file import AccountsFile
from gateway.access.identity import LOCAL, NOBODY, Identity
from gateway.access.password_cache import PasswordCache, TooManyLoginsError
from gateway.access.permissions import READING, Permission
from gateway.access.sessions import COOKIE, Sessions
from gateway.access.throttle import Throttle
from gateway.net.connection_limits import share_of
from gateway.net.errors import HttpError
from gateway.net.forwarded import Client, client_of

logger = logging.getLogger("gateway")

KEEP_USE_SECONDS = 60.0
"""So often, at most, it is written down when tokens were used."""
MAX_CREDENTIALS = 1024
"""Letters of a token, or of a name with its password."""
LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home", ".home.arpa", ".test")
"""Names that nobody can register, or that no browser takes from the public DNS (RFC 6762, 6761, 8375)."""


class Access:
    """Made by the gateway, closed by it."""

    def __init__(self, config: Config, losses: RateLimitedLog) -> None:
        """Raises SecretsError when the secrets file cannot be used."""
        self._config = config
        self._settings = config.gateway
        self._losses = losses
        self._directory = AccountsFile(config.secrets)
        self.passwords = PasswordCache()
        self.sessions = Sessions(config.state_dir, self._settings.session_days)
        self.throttle = Throttle(self._settings.workers)
        self._used: dict[str, float] = {}
        self._kept_at = time.monotonic()

    @property
    def frames(self) -> list[str]:
        """The origins whose pages may hold ours in a frame."""
        return self._settings.allow_frames

    @property
    def session_days(self) -> float:
        """How long a login lasts."""
        return self._settings.session_days

    @property
    def has_accounts(self) -> bool:
        """Whether there is anybody who could log in."""
        return bool(self._directory.accounts.users)

    async def check(self, request: HTTPServerRequest, permission: Permission, camera: str | None) -> Identity:
        """Who asks, when that one may.

        Raises HttpError: 401 for who did not say who it is, 403 for who may not, 429 for who guesses.
        """
        client = self.client(request)
        identity = await self.identify(request, client) if permission.asks else NOBODY
        self._check_origin(request, client, identity)
        scope = permission.of(request.method or "")
        if identity.kind == "local" and scope is not None:
            self._check_host(client)
        if not identity.may(scope):
            raise self._refusal(identity, f"the scope {scope}")
        if scope is not None and camera is not None and not identity.sees(camera):
            raise HttpError(403, "forbidden", f"{identity.name or 'you'} may not see camera {camera[:40]}")
        return identity

    def client(self, request: HTTPServerRequest) -> Client:
        """Who is at the other end."""
        return client_of(request, self._settings.trusted_proxies)

    async def identify(self, request: HTTPServerRequest, client: Client) -> Identity:
        """Who asks, by the first of: a token, a name and a password, a cookie, nothing. Raises HttpError."""
        header = request.headers.get("Authorization", "")
        kind, _, credentials = header.partition(" ")
        token = request.query_arguments.get("token", [b""])[-1].decode("utf-8", "replace")
        if not self._directory.accounts.asked_for:  # and so these are meant for somebody else
            return self._unnamed(client)
        if token or kind.lower() == "bearer":
            is_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
            return self._by_token(token or credentials.strip(), client, guessed=not is_elsewhere)
        if kind.lower() == "basic":
            return await self._by_password(*_pair(credentials), client)
        cookie = request.cookies.get(COOKIE)
        return (self._by_cookie(cookie.value) if cookie is not None else None) or self._unnamed(client)

    async def log_in(self, name: str, password: str, client: Client) -> str:
        """The cookie of a new session. Raises HttpError."""
        identity = await self._by_password(name, password, client)
        try:
            return self.sessions.begin(identity.name, identity.proof)[0]
        except OSError as error:
            raise HttpError(503, "no-session", f"the session cannot be kept: {error.strerror}") from None

    def holds(self, identity: Identity) -> bool:
        """Whether somebody who came in before would still come in: not with a revoked token, or after a logout."""
        accounts = self._directory.accounts
        if identity.kind == "user":
            user = accounts.users.get(identity.name)
            if user is None or (identity.session and self.sessions.ended(identity.session)):
                return False
            return identity.until > time.time() and _user(identity.name, user, identity.session) == identity
        if identity.kind == "token":
            token = accounts.tokens.get(identity.name)
            return token is not None and _token(identity.name, token) == identity
        if identity.kind == "local":
            return self._is_local
        return self._settings.allow_anonymous

    def tick(self) -> None:
        """To be called once a second."""
        if self._used and time.monotonic() - self._kept_at > KEEP_USE_SECONDS:
            self.keep_use()

    def keep_use(self) -> None:
        """Write down when the tokens were used."""
        self._kept_at = time.monotonic()
        try:
            keep(self._config.state_dir, self._used, set(self._directory.accounts.tokens))
        except OSError as error:
            logger.warning("when tokens were used cannot be kept: %s", error.strerror)

    def close(self) -> None:
        """Let nobody in any more."""
        if self._used:
            self.keep_use()
        self.passwords.close()

    def _by_token(self, token: str, client: Client, *, guessed: bool) -> Identity:
        """A wrong one that another site's page sends is not held against its visitor."""
        found = token_hash(token[:MAX_CREDENTIALS]).encode()
        match = None
        for name, known in self._directory.accounts.tokens.items():  # all of them, so that it takes the same time
            if hmac.compare_digest(known.sha256.encode(), found):
                match = name, known
        if match is None:
            self._check_throttle(client)
            if guessed:
                self.throttle.attempt(client.address)
            self._losses.count("failed logins", f"a token that is none, from {client.address}")
            raise HttpError(401, "unauthorized", "this token is none, or was removed")
        self._used[match[0]] = time.time()
        return _token(*match)

    async def _by_password(self, name: str, password: str, client: Client) -> Identity:
        user = self._directory.accounts.users.get(name)
        address = share_of(client.address) or "local"
        if not self.passwords.known(name, password, user, address):
            self._check_throttle(client)
            self.throttle.attempt(client.address)
            try:
                right = await self.passwords.right(name, password, user, address)
            except TooManyLoginsError:
                raise HttpError(503, "busy", "too many passwords wait to be checked") from None
            if not right:
                self._losses.count("failed logins", f"as {name[:64]!a}, from {client.address}")
                raise HttpError(401, "unauthorized", "the name or the password is not right")
            self.throttle.success(client.address)
        assert user is not None  # else it would not have been right
        return _user(name, user)

    def _by_cookie(self, cookie: str) -> Identity | None:
        read = self.sessions.read(cookie[:MAX_CREDENTIALS])
        if read is None:
            return None
        session, name, proof, until = read
        user = self._directory.accounts.users.get(name)
        if user is None or not hmac.compare_digest(_proof(user.scrypt), proof):
            return None
        return replace(_user(name, user, session), until=until)

    @property
    def _is_local(self) -> bool:
        """Whether nobody but this machine can ask, and nobody was ever given a password or a token."""
        return self._settings.listen.is_loopback and not self._directory.accounts.asked_for

    def _unnamed(self, client: Client) -> Identity:
        if self._is_local and not client.through_proxy:  # whoever comes through a proxy comes from elsewhere
            return LOCAL
        if self._settings.allow_anonymous:
            return Identity("anonymous", scopes=frozenset(self._settings.anonymous_scopes))
        return NOBODY

    def _check_throttle(self, client: Client) -> None:
        wait_seconds = self.throttle.wait_seconds(client.address)
        if wait_seconds:
            self._losses.count("failed logins", f"too many from {client.address}")
            raise HttpError(429, "too-often", f"too many failed logins from {client.address}", wait_seconds)

    def _check_origin(self, request: HTTPServerRequest, client: Client, identity: Identity) -> None:
        """What another site's page may not: change anything, or open a websocket, which browsers let it read."""
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if request.method in READING and not is_websocket:
            return
        origin = request.headers.get("Origin") or request.headers.get("Sec-Websocket-Origin")
        if origin is None:
            if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
                raise HttpError(403, "other-origin", "a page of another site may not do this")
            return
        allowed = self._settings.allow_origins
        # A browser adds a person's cookie or password by itself; and nobody logs in on another site's page.
        if origin in allowed or ("*" in allowed and identity.kind in ("token", "local", "anonymous")):
            return
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            host = ""
        if not host or host.lower() != client.host.lower():
            raise HttpError(
                403,
                "other-origin",
                f"a page of {origin[:100]!a} may not do this; allowed: {client.host[:100]!a}, and "
                "allow_origins in [gateway]",
            )

    def _check_host(self, client: Client) -> None:
        """A public name that leads to this machine's own loopback address is an attack on it (DNS rebinding)."""
        host = urlsplit(f"//{client.host}").hostname or "" if _splits(client.host) else "?.?"
        if "." not in host.rstrip(".") or host.rstrip(".").endswith(LOCAL_ENDINGS) or _is_address(host):
            return
        listed = [urlsplit(origin).hostname for origin in self._settings.allow_origins]
        if host in listed:
            return
        raise HttpError(
            403,
            "other-host",
            f"{host[:100]!a} is no name of this machine; a proxy before it belongs into trusted_proxies in [gateway]",
        )

    def _refusal(self, identity: Identity, what: str) -> HttpError:
        if identity.kind in ("nobody", "anonymous"):
            return HttpError(401, "unauthorized", "log in, or show a token")
        return HttpError(403, "forbidden", f"{identity.name or 'you'} may not do this: it takes {what}")


def _user(name: str, user: User, session: str = "") -> Identity:
    cameras = None if user.cameras is None else frozenset(user.cameras)
    return Identity("user", name, frozenset(user.scopes), cameras, _proof(user.scrypt), session)


def _token(name: str, token: Token) -> Identity:
    cameras = None if token.cameras is None else frozenset(token.cameras)
    return Identity("token", name, frozenset(token.scopes), cameras, token.sha256)


def _proof(stored: str) -> str:
    """Of a stored password, for a cookie: another one gives another."""
    return hashlib.sha256(stored.encode()).hexdigest()[:32]


def _pair(credentials: str) -> tuple[str, str]:
    """The name and the password of HTTP Basic (RFC 7617); empty ones where there are none."""
    try:
        text = base64.b64decode(credentials[:MAX_CREDENTIALS].strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "", ""
    name, _, password = text.partition(":")
    return name, password


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _splits(host: str) -> bool:
    try:
        urlsplit(f"//{host}")
    except ValueError:
        return False
    return True
