"""Authenticates and authorizes every request: which client sends it, and whether that client may."""

import asyncio
import base64
import binascii
import hmac
import logging
import time
from pathlib import Path

import msgspec
from tornado.httputil import HTTPServerRequest

from framebus.config.gateway import GatewayConfig
from framebus.credentials import links
from framebus.credentials.accounts import Token, User, fingerprint, token_hash
from framebus.credentials.secrets_file import SecretsError
from framebus.credentials.token_usage import save
from framebus.runtime.rate_limited_log import RateLimitedLog
from gateway.access.accounts_file import AccountsFile
from gateway.access.identity import LOCAL, UNAUTHENTICATED, Identity
from gateway.access.origin_check import OriginCheck
from gateway.access.password_cache import PasswordCache, TooManyLoginsError
from gateway.access.permissions import Permission
from gateway.access.sessions import TOKEN_SESSION, Session, Sessions, cookie_name
from gateway.access.throttle import Throttle
from gateway.net.connection_limits import limit_key
from gateway.net.errors import HttpError
from gateway.net.forwarded import Client, client_of

logger = logging.getLogger("gateway")

SAVE_USAGE_SECONDS = 60.0
"""How often, at most, the last use of each token is written to disk."""
MAX_CREDENTIALS = 1024
"""Characters of a token, or of a name with its password."""


class Access:
    """Authentication and authorization. Made by the gateway, closed by it."""

    def __init__(self, settings: GatewayConfig, secrets: Path, state_dir: Path, losses: RateLimitedLog) -> None:
        """Read the accounts.

        Args:
            settings: the [gateway] table.
            secrets: the file of users and tokens.
            state_dir: the folder for login sessions and the last use of tokens.
            losses: counts failed logins.

        Raises:
            SecretsError: the secrets file cannot be used.
        """
        self._state_dir = state_dir
        self._settings = settings
        self._losses = losses
        self._accounts_file = AccountsFile(secrets)
        self._origin_check = OriginCheck(settings.listen.port, settings.allow_origins, settings.allow_hosts)
        self.cookie = cookie_name(settings.listen.port)
        """The name of the session cookie."""
        self.passwords = PasswordCache()
        self.sessions = Sessions(state_dir, self._settings.session_days)
        self.throttle = Throttle(self._settings.workers)
        self._token_usage: dict[str, float] = {}
        self._usage_saved_at = time.monotonic()

    @property
    def frames(self) -> list[str]:
        """The origins whose pages may show ours in a frame."""
        return self._settings.allow_frames

    @property
    def session_days(self) -> float:
        """How long a login lasts after its last use."""
        return self._settings.session_days

    @property
    def has_accounts(self) -> bool:
        """Whether there is an account to log in with."""
        return bool(self._accounts_file.accounts.users)

    async def check(self, request: HTTPServerRequest, permission: Permission, camera: str | None) -> Identity:
        """Authenticate and authorize a request.

        Args:
            request: the request.
            permission: what its route requires.
            camera: the camera in its path, if any.

        Returns:
            The identity of the client.

        Raises:
            HttpError: 401 without credentials that count, 403 where they do not suffice, 429 after too many failures.
        """
        client = self.client(request)
        identity = await self.identify(request, client) if permission.identifies_client else UNAUTHENTICATED
        self._origin_check.check(request, client, identity)
        scope = permission.required_scope(request.method or "")
        if scope is not None:
            self._origin_check.check_host(client, identity)
        if not identity.may(scope):
            raise self._refusal(identity, client, scope)
        if scope is not None and camera is not None and not identity.sees(camera):
            raise HttpError(403, "forbidden", f"{identity.name or 'you'} may not see camera {camera[:40]}")
        return identity

    def client(self, request: HTTPServerRequest) -> Client:
        """The client that sent the request."""
        return client_of(request, self._settings.trusted_proxies)

    async def identify(self, request: HTTPServerRequest, client: Client) -> Identity:
        """Authenticate by the first of: a token, a name and a password, a session cookie, nothing. Raises HttpError."""
        # Some proxies send it twice, which Tornado joins with a comma. No credentials hold one as they are sent.
        header = request.headers.get("Authorization", "").partition(",")[0]
        kind, _, credentials = header.partition(" ")
        token = request.query_arguments.get("token", [b""])[-1].decode("utf-8", "replace")
        if (
            not self._accounts_file.accounts.login_required
        ):  # without accounts, credentials are meant for another program
            return self._without_credentials(client)
        if token or kind.lower() == "bearer":
            is_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
            return self._by_token(token or credentials.strip(), client, counts=not is_elsewhere)
        if kind.lower() == "basic":
            return await self._by_password(*_basic_credentials(credentials), client)
        cookie = request.cookies.get(self.cookie)
        return (self._by_cookie(cookie.value) if cookie is not None else None) or self._without_credentials(client)

    async def log_in(self, name: str, password: str, client: Client) -> str:
        """Begin a session and return its cookie. Raises HttpError."""
        identity = await self._by_password(name, password, client)
        try:
            return self.sessions.create(identity.name, identity.fingerprint)[0]
        except OSError as error:
            reason = error.strerror or str(error)
            self._losses.count("failed logins", f"no session can be created: {reason}")
            raise HttpError(503, "no-session", f"the session cannot be saved: {reason}") from None

    async def log_in_by_link(self, secret: str, client: Client) -> tuple[str, Identity]:
        """Use a one-time link up and begin a session; returns its cookie and who that is. Raises HttpError."""
        self._check_throttle(client)
        self.throttle.record_attempt(client.address)
        try:
            link = await asyncio.to_thread(links.redeem, self._state_dir, secret)
            identity = self._of_link(link) if link is not None else None
            if link is None or identity is None:
                self._losses.count("failed logins", f"by a link, from {client.address}")
                raise HttpError(410, "gone", "this link was opened already, is too old, or was taken back")
            self.throttle.record_success(client.address)
            return self.sessions.create(identity.account, link.fingerprint)[0], identity
        except (OSError, SecretsError) as error:
            raise HttpError(503, "no-session", f"the session cannot be saved: {error}") from None

    def renewed_cookie(self, identity: Identity) -> str | None:
        """A new cookie for a session in use, so that it does not end; None while the one that it has is new enough."""
        if not identity.session or not self.sessions.needs_renewal(identity.expires):
            return None
        try:
            return self.sessions.renew(identity.session, identity.account, identity.fingerprint)
        except OSError:  # the next request tries again
            return None

    def is_still_valid(self, identity: Identity) -> bool:
        """Whether an identity still holds: not after its token was revoked, its user changed, or its session ended."""
        accounts = self._accounts_file.accounts
        if identity.kind == "user":
            user = accounts.users.get(identity.name)
            if user is None or (
                identity.session and self.sessions.is_logged_out(identity.session, identity.name, identity.expires)
            ):
                return False
            return identity.expires > time.time() and _user(identity.name, user, identity.session) == identity
        if identity.kind == "token":
            token = accounts.tokens.get(identity.name)
            if token is None or (
                identity.session and self.sessions.is_logged_out(identity.session, identity.account, identity.expires)
            ):
                return False
            return identity.expires > time.time() and _token(identity.name, token, identity.session) == identity
        if identity.kind == "local":
            return self._is_local
        return self._settings.allow_anonymous

    def tick(self) -> None:
        """Call this once a second."""
        if self._token_usage and time.monotonic() - self._usage_saved_at > SAVE_USAGE_SECONDS:
            self.save_token_usage()

    def save_token_usage(self) -> None:
        """Write the last use of each token to disk."""
        self._usage_saved_at = time.monotonic()
        try:
            save(self._state_dir, self._token_usage, set(self._accounts_file.accounts.tokens))
        except OSError as error:
            logger.warning("the last use of tokens cannot be saved: %s", error.strerror)

    def close(self) -> None:
        """Save the last use of tokens, and stop checking passwords."""
        if self._token_usage:
            self.save_token_usage()
        self.passwords.close()

    def _by_token(self, token: str, client: Client, *, counts: bool) -> Identity:
        """Without `counts`, a wrong token is not counted as a failure: a page of another site may have sent it."""
        digest = token_hash(token[:MAX_CREDENTIALS]).encode()
        match = None
        for name, stored in self._accounts_file.accounts.tokens.items():  # all of them, so that it takes the same time
            if hmac.compare_digest(stored.sha256.encode(), digest):
                match = name, stored
        if match is None:
            self._check_throttle(client)
            if counts:
                self.throttle.record_attempt(client.address)
            self._losses.count("failed logins", f"invalid token from {client.address}")
            raise HttpError(401, "unauthorized", "invalid or revoked token")
        self._token_usage[match[0]] = time.time()
        return _token(*match)

    async def _by_password(self, name: str, password: str, client: Client) -> Identity:
        user = self._accounts_file.accounts.users.get(name)
        address = limit_key(client.address) or "local"
        if self.passwords.is_cached(name, password, user, address):
            assert user is not None  # else the pair would not have been right
            return _user(name, user)
        counts = not self.passwords.is_being_checked(name, password, user, address)
        if counts:  # requests that wait for the same hash are one attempt
            self._check_throttle(client)
            self.throttle.record_attempt(client.address)
        try:
            is_correct = await self.passwords.check(name, password, user, address)
        except TooManyLoginsError:
            raise HttpError(503, "busy", "too many passwords are waiting to be checked") from None
        if not is_correct or user is None:
            self._losses.count("failed logins", f"as {name[:64]!a}, from {client.address}")
            raise HttpError(401, "unauthorized", "wrong user name or password")
        if counts:
            self.throttle.record_success(client.address)
        return _user(name, user)

    def _by_cookie(self, cookie: str) -> Identity | None:
        session = self.sessions.read(cookie[:MAX_CREDENTIALS])
        if session is None:
            return None
        if session.name.startswith(TOKEN_SESSION):
            return self._by_token_session(session)
        user = self._accounts_file.accounts.users.get(session.name)
        if user is None or not hmac.compare_digest(fingerprint(user.scrypt), session.fingerprint):
            return None
        return msgspec.structs.replace(_user(session.name, user, session.id), expires=session.expires)

    def _by_token_session(self, session: Session) -> Identity | None:
        """Of a browser that was logged in by a link with the rights of a token."""
        name = session.name.removeprefix(TOKEN_SESSION)
        token = self._accounts_file.accounts.tokens.get(name)
        if token is None or not hmac.compare_digest(fingerprint(token.sha256), session.fingerprint):
            return None
        self._token_usage[name] = time.time()
        return msgspec.structs.replace(_token(name, token, session.id), expires=session.expires)

    def _of_link(self, link: links.Link) -> Identity | None:
        """Who a link logs in; None if that account is gone, or has another password or token now."""
        accounts = self._accounts_file.accounts
        user, token = accounts.users.get(link.name), accounts.tokens.get(link.name)
        if link.kind == "user" and user is not None:
            identity = _user(link.name, user, "link")
        elif link.kind == "token" and token is not None:
            identity = _token(link.name, token, "link")
        else:
            return None
        return identity if hmac.compare_digest(identity.fingerprint, link.fingerprint) else None

    @property
    def _is_local(self) -> bool:
        """Whether only this machine can connect, and there was never an account."""
        return self._settings.listen.is_loopback and not self._accounts_file.accounts.login_required

    def _without_credentials(self, client: Client) -> Identity:
        if self._is_local and not client.forwarded:  # a proxy passes on the requests of other machines
            return LOCAL
        if self._settings.allow_anonymous:
            return Identity("anonymous", scopes=frozenset(self._settings.anonymous_scopes))
        return UNAUTHENTICATED

    def _check_throttle(self, client: Client) -> None:
        wait_seconds = self.throttle.wait_seconds(client.address)
        if wait_seconds:
            self._losses.count("failed logins", f"too many from {client.address}")
            raise HttpError(429, "too-often", f"too many failed logins from {client.address}", wait_seconds)

    def _refusal(self, identity: Identity, client: Client, scope: str | None) -> HttpError:
        if identity.kind not in ("unauthenticated", "anonymous"):
            return HttpError(
                403, "forbidden", f"{identity.name or 'you'} may not do this: it requires the scope {scope}"
            )
        if self._is_local and client.forwarded:
            advice = "to let other machines in, add a user with `framebus passwd NAME`"
            return HttpError(401, "unauthorized", f"this request came through a proxy; {advice}")
        return HttpError(401, "unauthorized", "log in, or send a token")


def _user(name: str, user: User, session: str = "") -> Identity:
    cameras = None if user.cameras is None else frozenset(user.cameras)
    return Identity("user", name, frozenset(user.scopes), cameras, fingerprint(user.scrypt), session)


def _token(name: str, token: Token, session: str = "") -> Identity:
    cameras = None if token.cameras is None else frozenset(token.cameras)
    return Identity("token", name, frozenset(token.scopes), cameras, fingerprint(token.sha256), session)


def _basic_credentials(credentials: str) -> tuple[str, str]:
    """The name and the password of HTTP Basic (RFC 7617); empty strings where there are none."""
    try:
        text = base64.b64decode(credentials[:MAX_CREDENTIALS].strip(), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "", ""
    name, _, password = text.partition(":")
    return name, password
