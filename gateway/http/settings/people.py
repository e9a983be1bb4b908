"""/api/settings/users, /api/settings/tokens and /api/settings/links: who may watch."""

import time
from collections.abc import Mapping
from typing import Any, cast

from framebus.credentials import accounts, links
from framebus.credentials.accounts import NAME_ALLOWED, SCOPES, Accounts, Scope, Token, User, fingerprint
from framebus.credentials.passwords import MAX_PASSWORD, MIN_PASSWORD, PASSWORD_ALLOWED, hash_password
from framebus.protocol.unknown_camera import unknown_camera
from framebus.runtime.own_addresses import own_addresses, pages_to_open
from gateway.http.settings.settings_handler import SettingsHandler
from gateway.net.errors import HttpError
from gateway.net.origin import parse_host
from gateway.net.own_names import is_loopback_name

DEFAULT_TOKEN_SCOPES: tuple[Scope, ...] = ("view", "snapshot")
GUEST_SCOPES: tuple[Scope, ...] = ("view",)


class AccountsHandler(SettingsHandler):
    """What users, tokens and links have in common."""

    def rights(
        self, values: Mapping[str, Any], default: tuple[Scope, ...]
    ) -> tuple[tuple[Scope, ...], tuple[str, ...] | None]:
        """The scopes and cameras of the body. Raises HttpError."""
        scopes, cameras = values.get("scopes", list(default)), values.get("cameras")
        if not isinstance(scopes, list) or not scopes or not all(scope in SCOPES for scope in scopes):
            raise HttpError(400, "bad-request", f"scopes: allowed: a list of {', '.join(SCOPES)}")
        if cameras is not None and (not isinstance(cameras, list) or not cameras):
            raise HttpError(400, "bad-request", "cameras: allowed: a list of cameras, or null for all")
        for camera in cameras or []:
            if camera not in self.services.camera_settings:
                raise HttpError(400, "bad-request", unknown_camera(str(camera), self.services.camera_settings))
        return tuple(cast("list[Scope]", scopes)), None if cameras is None else tuple(cameras)

    def named(self, name: object) -> str:
        """A name that a user or a token may have. Raises HttpError."""
        if not isinstance(name, str) or not accounts.is_name(name):
            raise HttpError(400, "bad-request", f"name: found {str(name)[:40]!r}; allowed: {NAME_ALLOWED}")
        return name


class UserAccount(AccountsHandler):
    """/api/settings/users/NAME"""

    async def put(self, name: str) -> None:
        """Add a user, or change the password or the rights: `{"password": "…", "scopes": […], "cameras": null}`."""
        self.named(name)
        values = self.values("a password, scopes and cameras")
        password = values.get("password")
        if password is not None and not (isinstance(password, str) and MIN_PASSWORD <= len(password) <= MAX_PASSWORD):
            raise HttpError(400, "bad-request", f"password: allowed: {PASSWORD_ALLOWED}")

        def change() -> User:
            stored = hash_password(password) if password is not None else None
            with accounts.changing(self.services.places.secrets) as changed:
                before = changed.users.get(name)
                if before is None and stored is None:
                    raise HttpError(400, "bad-request", f"password: found nothing; allowed: {PASSWORD_ALLOWED}")
                kept = before or User("")
                scopes, cameras = self.rights({"cameras": kept.cameras and list(kept.cameras), **values}, kept.scopes)
                user = changed.users[name] = User(stored or kept.scrypt, scopes, cameras)
                check_administrator(changed, name)
            return user

        user = await self.in_thread(change)
        mine = self.identity.kind == "user" and self.identity.name == name and self.identity.session
        if self.identity.kind == "local" or mine:  # this browser would have to log in now: the login has changed
            await self.in_thread(lambda: self._keep_logged_in(name, user))
        self.finish({"name": name, "scopes": user.scopes, "cameras": user.cameras})

    def _keep_logged_in(self, name: str, user: User) -> None:
        try:
            self.set_session_cookie(self.access.sessions.create(name, fingerprint(user.scrypt))[0])
        except OSError:  # the user is stored, and can log in with the password
            return

    async def delete(self, name: str) -> None:
        """Remove a user. Their sessions and streams end."""

        def change() -> None:
            with accounts.changing(self.services.places.secrets) as changed:
                if changed.users.pop(name, None) is None:
                    raise HttpError(404, "unknown-user", f"there is no user {name[:64]}")
                check_administrator(changed, name)

        await self.in_thread(change)
        self.finish({"removed": name})


class NewToken(AccountsHandler):
    """/api/settings/tokens"""

    async def post(self) -> None:
        """Make a token for a program: `{"name": "octoprint", "scopes": […], "cameras": […]}`. It is shown this once."""
        values = self.values("a name, scopes and cameras", "name")
        name, token = self.named(values["name"]), accounts.new_token()
        scopes, cameras = self.rights(values, DEFAULT_TOKEN_SCOPES)

        def change() -> None:
            with accounts.changing(self.services.places.secrets) as changed:
                if name in changed.tokens:
                    raise HttpError(409, "exists", f"there is a token {name} already; choose another name")
                changed.tokens[name] = Token(accounts.token_hash(token), round(time.time()), scopes, cameras)
                check_administrator(changed, name)

        await self.in_thread(change)
        self.finish({"name": name, "token": token, "scopes": scopes, "cameras": cameras})


class OldToken(AccountsHandler):
    """/api/settings/tokens/NAME"""

    async def delete(self, name: str) -> None:
        """Revoke a token, and every device that a link has let in with it."""

        def change() -> None:
            with accounts.changing(self.services.places.secrets) as changed:
                if changed.tokens.pop(name, None) is None:
                    raise HttpError(404, "unknown-token", f"there is no token {name[:64]}")

        await self.in_thread(change)
        self.finish({"removed": name})


class NewLink(AccountsHandler):
    """/api/settings/links"""

    async def post(self) -> None:
        """Make a one-time link: `{"user": "anna"}`, or for a guest `{"guest": "friend", "cameras": ["garden"]}`."""
        values = self.values("a user or a guest")
        minutes = values.get("minutes", links.DEFAULT_MINUTES)
        if not isinstance(minutes, int | float) or not 0 < minutes <= links.MAX_MINUTES:
            raise HttpError(400, "bad-request", f"minutes: allowed: more than 0 and at most {links.MAX_MINUTES:g}")
        if ("user" in values) == ("guest" in values):
            raise HttpError(400, "bad-request", "allowed: either user or guest, with a name")
        secret = await self.in_thread(lambda: self._made(values, minutes))
        urls, only_here = self._urls(f"link/{secret}")
        qr = await self.in_thread(lambda: qr_code(urls[0]))
        self.finish({"urls": urls, "only_here": only_here, "expires": time.time() + 60 * minutes, "qr": qr})

    def _made(self, values: Mapping[str, Any], minutes: float) -> str:
        places = self.services.places
        if "user" in values:
            user = accounts.read(places.secrets).users.get(str(values["user"]))
            if user is None:
                raise HttpError(404, "unknown-user", f"there is no user {str(values['user'])[:64]}")
            return links.make(places.state_dir, "user", values["user"], fingerprint(user.scrypt), minutes=minutes)
        name = self.named(values["guest"])
        scopes, cameras = self.rights(values, GUEST_SCOPES)
        with accounts.changing(places.secrets) as changed:
            token = changed.tokens.get(name)
            if token is not None and (token.scopes, token.cameras) != (scopes, cameras):
                raise HttpError(409, "exists", f"there is a guest {name} already, who may watch something else")
            if token is None:
                secret = accounts.token_hash(accounts.new_token())  # nobody knows the token: only links let in
                token = changed.tokens[name] = Token(secret, round(time.time()), scopes, cameras)
            check_administrator(changed, name)
        return links.make(places.state_dir, "token", name, fingerprint(token.sha256), minutes=minutes)

    def _urls(self, path: str) -> tuple[list[str], bool]:
        """The addresses of a path for another device, the best first; and whether only this machine can reach them."""
        client, settings = self.client, self.services.settings
        host = parse_host(client.host)
        if host is not None and not is_loopback_name(host.host):
            return [f"{client.scheme}://{client.host}{client.prefix}/{path}"], False
        encrypted = settings.tls_cert is not None
        pages = pages_to_open(settings.listen, encrypted, own_addresses())
        return [f"{page}{path}" for page in reversed(pages)], settings.listen.is_loopback


def check_administrator(changed: Accounts, name: str) -> None:
    """Keep one user who may change the settings: nobody is to lock himself out of them. Raises HttpError."""
    if any("admin" in user.scopes and user.cameras is None for user in changed.users.values()):
        return
    raise HttpError(
        409,
        "last-administrator",
        f"{name} cannot be changed so: a user with the scope admin for all cameras is needed; add that one first",
    )


def qr_code(text: str) -> list[str] | None:
    """The rows of a QR code, of 0 and 1; None where the package for it is not installed."""
    try:
        import segno
    except ImportError:
        return None
    return ["".join("1" if module else "0" for module in row) for row in segno.make(text, micro=False).matrix]
