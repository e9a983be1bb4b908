"""Login sessions: signed cookies that end some days after their last use, and at once with a logout.

The key and the list of logouts are files in state_dir. Every worker reads them, and they survive a restart as long as
that folder does. If either is missing or damaged, every session ends.
"""

import contextlib
import fcntl
import logging
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
from tornado.web import create_signed_value, decode_signed_value

from framebus.credentials import secrets_file
from framebus.runtime.atomic_write import PRIVATE, write_atomically

logger = logging.getLogger("gateway")

COOKIE = "framebus_session"
KEY_FILE = "session.key"
LOGGED_OUT_FILE = "logged-out"
SIGNATURE_VERSION = 2
"""Of tornado.web.create_signed_value; version 1 signs less."""
KEY_BYTES = 32
SESSION_BYTES = 16
MAX_LOGOUTS_PER_USER = 100
"""Logouts stored for one user; with more, all sessions of that user end."""
DAY_SECONDS = 86400.0
RENEW_AFTER = 0.05
"""A cookie is renewed when this part of its life is over: for thirty days, after a day and a half."""
TOKEN_SESSION = "token:"
"""Before the name of a token, for the session of a browser that a link has logged in; names of users have no colon."""
ALL_SESSIONS_OF = "@"
"""Begins the name of an entry that ends all sessions of one user; ids of sessions are in hex."""


def cookie_name(port: int) -> str:
    """The cookie of the gateway on this port: cookies ignore ports, so two gateways on one host need two names."""
    return f"{COOKIE}_{port}"


class Session(msgspec.Struct, frozen=True):
    """The contents of a valid cookie."""

    id: str
    name: str
    """Of the user, or of the token behind TOKEN_SESSION."""
    fingerprint: str
    """Changes with the password or the token."""
    expires: float
    """When it ends, in Unix seconds."""


class Logout(msgspec.Struct, frozen=True):
    """An entry of the list of logouts."""

    expires: float
    """Unix seconds; it can be forgotten then."""
    name: str = ""
    """Of the user; empty in files of earlier versions."""
    before: float = 0.0
    """In an entry for all sessions of a user: Unix seconds; cookies made before are not valid."""


class Sessions:
    """Makes and reads cookies."""

    def __init__(self, state_dir: Path, days: float, now: Callable[[], float] = time.time) -> None:
        """Nothing is read or written before the first login or cookie."""
        self._folder = state_dir
        self._days = days
        self._now = now
        self._key = b""
        self._logged_out: dict[str, Logout] = {}
        self._signatures: tuple[tuple[int, ...], ...] = ()

    def create(self, name: str, fingerprint: str) -> tuple[str, str]:
        """Begin a session.

        Args:
            name: of the user.
            fingerprint: the session ends when this changes.

        Returns:
            The value of the cookie, and the id of the session.

        Raises:
            OSError: the key cannot be written or read.
        """
        session = os.urandom(SESSION_BYTES).hex()
        return self.renew(session, name, fingerprint), session

    def renew(self, session: str, name: str, fingerprint: str) -> str:
        """A new cookie for a session. Raises OSError."""
        self._refresh(make=True)
        if not self._key:
            raise OSError(f"{self._folder / KEY_FILE} cannot be used")
        value = f"{session} {name} {fingerprint} {self._now():.6f}"
        return create_signed_value(self._key, COOKIE, value, clock=self._now).decode()

    def needs_renewal(self, expires: float) -> bool:
        """Whether a cookie that expires then should be renewed."""
        return self._now() > expires - (1 - RENEW_AFTER) * self._days * DAY_SECONDS

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None for a cookie that is forged, too old, or logged out."""
        self._refresh(make=False)
        if not self._key:
            return None
        value = decode_signed_value(
            self._key, COOKIE, cookie, max_age_days=self._days, clock=self._now, min_version=SIGNATURE_VERSION
        )
        parts = value.decode("utf-8", "replace").split(" ") if value else []
        if len(parts) != 4:
            return None
        session, name, fingerprint, created = parts[0], parts[1], parts[2], float(parts[3])
        if self._is_listed(session, name, created):
            return None
        return Session(session, name, fingerprint, created + self._days * DAY_SECONDS)

    def is_logged_out(self, session: str, name: str, expires: float) -> bool:
        """Whether a session was logged out, alone or with all sessions of its user, or the key is missing."""
        self._refresh(make=False)
        return not self._key or self._is_listed(session, name, expires - self._days * DAY_SECONDS)

    def log_out(self, session: str, name: str) -> None:
        """Log out. Blocks for the disk's time; may be called in any thread. Raises OSError when it cannot be kept."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / f"{LOGGED_OUT_FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another worker or thread may write it at the same time
            now = self._now()
            with contextlib.suppress(ValueError):  # a list that cannot be read ends every session anyway
                before = _logged_out(self._folder / LOGGED_OUT_FILE)
                left = {key: entry for key, entry in before.items() if entry.expires > now}
                left[session] = Logout(now + self._days * DAY_SECONDS, name)
                self._save(_limited(left, name, now, now + self._days * DAY_SECONDS))
        finally:
            os.close(lock)

    def _is_listed(self, session: str, name: str, created: float) -> bool:
        everyone = self._logged_out.get(ALL_SESSIONS_OF + name)
        return session in self._logged_out or (everyone is not None and created < everyone.before)

    def _save(self, logged_out: dict[str, Logout]) -> None:
        lines = "".join(
            f"{key} {entry.expires:.0f} {entry.name or '-'} {entry.before:.6f}\n" for key, entry in logged_out.items()
        )
        write_atomically(self._folder / LOGGED_OUT_FILE, lines.encode(), PRIVATE, lasting=True)

    def _refresh(self, make: bool) -> None:
        """Read the two files again if they have changed."""
        files = self._folder / KEY_FILE, self._folder / LOGGED_OUT_FILE
        if make and not files[0].exists():
            self._make_key(files[0])
        signatures = tuple(map(secrets_file.signature, files))
        if signatures != self._signatures:
            self._signatures = signatures
            self._read(*files)
        if make and not self._key and _is_damaged(files[0]):
            logger.warning("%s was damaged: a new one is made, and every earlier login has ended", files[0])
            files[0].unlink(missing_ok=True)
            self._make_key(files[0])
            self._signatures = tuple(map(secrets_file.signature, files))
            self._read(*files)

    def _read(self, key_file: Path, logged_out_file: Path) -> None:
        self._key, self._logged_out = b"", {}  # without one of them, the other could let in who has logged out
        try:
            logged_out = _logged_out(logged_out_file)
            key = key_file.read_bytes()
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            logger.warning("logins do not work: %s and %s cannot be read (%s)", key_file, logged_out_file.name, error)
            return
        if len(key) < KEY_BYTES:
            logger.warning("logins do not work until the next one: %s is empty or cut off", key_file)
            return
        self._key, self._logged_out = key, logged_out

    def _make_key(self, file: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = file.with_name(f"{KEY_FILE}.{os.getpid()}")
        write_atomically(beside, os.urandom(KEY_BYTES).hex().encode(), PRIVATE, lasting=True)
        try:
            os.link(beside, file)
        except FileExistsError:  # another worker was faster: its key is used
            pass
        finally:
            beside.unlink()


def _limited(logged_out: dict[str, Logout], name: str, now: float, expires: float) -> dict[str, Logout]:
    """Replace too many logouts of one user by a single entry for all sessions of that user. Other users keep theirs."""
    if Counter(entry.name for entry in logged_out.values())[name] <= MAX_LOGOUTS_PER_USER:
        return logged_out
    left = {key: entry for key, entry in logged_out.items() if entry.name != name}
    return {**left, ALL_SESSIONS_OF + name: Logout(expires, name, before=now)}


def _is_damaged(key_file: Path) -> bool:
    """Whether the key can be read, and is too short to be one: a loss of power can leave an empty file."""
    try:
        return len(key_file.read_bytes()) < KEY_BYTES
    except OSError:
        return False


def _logged_out(file: Path) -> dict[str, Logout]:
    """The list of logouts. Raises OSError, ValueError."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return dict(map(_entry, lines))


def _entry(line: str) -> tuple[str, Logout]:
    key, until, *more = line.split(" ")
    name, before = more if len(more) == 2 else ("", "0")
    return key, Logout(float(until), "" if name == "-" else name, float(before))
