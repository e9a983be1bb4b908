"""Checks user names and passwords in threads, and caches the pairs that were correct.

Without the cache, a script that polls with HTTP Basic would use a core: the hash is slow on purpose.
"""

import asyncio
import hmac
import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from framebus.credentials.accounts import User
from framebus.credentials.passwords import MAX_PASSWORD, dummy_hash, matches
from framebus.errors import FramebusError
from framebus.runtime.malloc import trim_large_allocations

MAX_CACHED = 256
"""Pairs in the cache; the least recently used is dropped first."""
THREADS = 2
"""Hashes at a time: each takes 16 MB and a core."""
MAX_PENDING = 32


class TooManyLoginsError(FramebusError):
    """Too many passwords are waiting to be checked."""


class PasswordCache:
    """Closed by its maker."""

    def __init__(
        self,
        check: Callable[[str, str], bool] = matches,
        max_pending: int = MAX_PENDING,
        max_cached: int = MAX_CACHED,
    ) -> None:
        """Start the threads.

        Args:
            check: whether a password has this hash; slow.
            max_pending: passwords that may wait to be checked.
            max_cached: pairs that are cached.
        """
        self._max_pending = max_pending
        self._max_cached = max_cached
        trim_large_allocations()
        self._check = check
        self._key = os.urandom(32)
        self._correct: OrderedDict[bytes, None] = OrderedDict()
        self._pending: dict[bytes, asyncio.Future[bool]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "password")

    def is_cached(self, name: str, password: str, user: User | None, address: str) -> bool:
        """Whether this pair was right before, from the same address, for the current password of the user.

        For another address, the cache would allow guesses without a hash and without a pause.
        """
        digest = self._digest(name, password, user, address)
        if digest in self._correct:
            self._correct.move_to_end(digest)
        return digest in self._correct

    def is_being_checked(self, name: str, password: str, user: User | None, address: str) -> bool:
        """Whether this pair is being checked for the same address: `right` waits for that hash."""
        return self._digest(name, password, user, address) in self._pending

    async def check(self, name: str, password: str, user: User | None, address: str) -> bool:
        """Whether this is the password of the user. Raises TooManyLoginsError.

        An unknown user takes as long. Simultaneous equal calls share one hash.
        """
        digest = self._digest(name, password, user, address)
        if digest not in self._pending:
            if len(self._pending) >= self._max_pending:
                raise TooManyLoginsError
            loop = asyncio.get_running_loop()
            made = loop.run_in_executor(self._threads, self._matches, password[: MAX_PASSWORD + 1], user)
            self._pending[digest] = made
            made.add_done_callback(lambda _: self._pending.pop(digest, None))
        is_correct = await asyncio.shield(self._pending[digest]) and user is not None
        if is_correct:
            self._correct[digest] = None
            if len(self._correct) > self._max_cached:
                self._correct.popitem(last=False)
        return is_correct

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, password: str, user: User | None) -> bool:
        return self._check(password, user.scrypt if user is not None else dummy_hash())

    def _digest(self, name: str, password: str, user: User | None, address: str) -> bytes:
        """A keyed digest: neither the password nor anything to guess it by stays in memory."""
        stored = user.scrypt if user is not None else ""
        text = "\0".join((name, password, stored, address))
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
