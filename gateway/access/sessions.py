"""Cookies of people who have logged in: signed, with an end, and worth nothing once logged out.

The key, and who has logged out before the end, are in state_dir: every worker sees them, and they outlive a restart as
long as that folder does. Lost together, they end every session; neither is ever there without the other's meaning.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path

from tornado.web import create_signed_value, decode_signed_value

from framebus.credentials import secrets_file
from framebus.runtime.atomic_write import PRIVATE, write_atomically

COOKIE = "framebus_session"
KEY_FILE = "session.key"
LOGGED_OUT_FILE = "logged-out"
SIGNATURE_VERSION = 2
"""Of tornado.web.create_signed_value; the one before signs less."""
KEY_BYTES = 32
SESSION_BYTES = 16
MAX_LOGGED_OUT = 10_000
"""Sessions that were ended before their time; with more, a new key ends all of them."""
DAY_SECONDS = 86400.0


class Sessions:
    """Makes and reads cookies."""

    def __init__(self, state_dir: Path, days: float, now: Callable[[], float] = time.time) -> None:
        """Nothing is read or written before somebody logs in, or shows a cookie."""
        self._folder = state_dir
        self._days = days
        self._now = now
        self._key = b""
        self._logged_out: dict[str, float] = {}
        self._signatures: tuple[tuple[int, ...], ...] = ()

    def begin(self, name: str, proof: str) -> tuple[str, str]:
        """A new session: what to put into the cookie, and the session's own name. Raises OSError.

        `proof` is what a session shall end with: another password is another proof.
        """
        self._refresh(make=True)
        session = os.urandom(SESSION_BYTES).hex()
        value = f"{session} {name} {proof} {self._now():.0f}"
        return create_signed_value(self._key, COOKIE, value, clock=self._now).decode(), session

    def read(self, cookie: str) -> tuple[str, str, str, float] | None:
        """The session, the name, the proof, and the Unix seconds at which it ends.

        None for a cookie that is forged, too old, or logged out.
        """
        self._refresh(make=False)
        if not self._key:
            return None
        value = decode_signed_value(
            self._key, COOKIE, cookie, max_age_days=self._days, clock=self._now, min_version=SIGNATURE_VERSION
        )
        parts = value.decode("utf-8", "replace").split(" ") if value else []
        if len(parts) != 4 or parts[0] in self._logged_out:
            return None
        return parts[0], parts[1], parts[2], float(parts[3]) + self._days * DAY_SECONDS

    def ended(self, session: str) -> bool:
        """Whether somebody has logged out of it, or all were ended."""
        self._refresh(make=False)
        return not self._key or session in self._logged_out

    def end(self, session: str) -> None:
        """Log out; takes the disk's time, and may be called in any thread. Raises OSError when it cannot be kept."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / f"{LOGGED_OUT_FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another worker, or thread, may have somebody who logs out
            now = self._now()
            with contextlib.suppress(ValueError):  # a list that cannot be read lets nobody in, until it is whole again
                before = _logged_out(self._folder / LOGGED_OUT_FILE)
                left = {name: until for name, until in before.items() if until > now}
                self._keep({**left, session: now + self._days * DAY_SECONDS})
        finally:
            os.close(lock)

    def _keep(self, logged_out: dict[str, float]) -> None:
        if len(logged_out) > MAX_LOGGED_OUT:
            (self._folder / KEY_FILE).unlink(missing_ok=True)
            logged_out = {}
        lines = "".join(f"{name} {until:.0f}\n" for name, until in logged_out.items())
        write_atomically(self._folder / LOGGED_OUT_FILE, lines.encode(), PRIVATE, lasting=True)

    def _refresh(self, make: bool) -> None:
        """Read the two files again where they have changed."""
        files = self._folder / KEY_FILE, self._folder / LOGGED_OUT_FILE
        if make and not files[0].exists():
            self._make_key(files[0])
        signatures = tuple(map(secrets_file.signature, files))
        if signatures == self._signatures:
            return
        self._signatures = signatures
        try:
            self._logged_out = _logged_out(files[1])
            self._key = files[0].read_bytes()
        except (OSError, ValueError):  # without the one, the other would let in who has logged out
            self._key, self._logged_out = b"", {}

    def _make_key(self, file: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = file.with_name(f"{KEY_FILE}.{os.getpid()}")
        write_atomically(beside, os.urandom(KEY_BYTES).hex().encode(), PRIVATE, lasting=True)
        with contextlib.suppress(FileExistsError):  # another worker was faster: that one's key it is
            os.link(beside, file)
        beside.unlink()


def _logged_out(file: Path) -> dict[str, float]:
    """Until when each session is to be remembered. Raises OSError, ValueError."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {name: float(until) for name, _, until in (line.partition(" ") for line in lines)}
