"""Passwords as scrypt hashes (RFC 7914), each with the parameters that it was made with."""

import base64
import hashlib
import hmac
import os
from functools import cache

COST = 1 << 14
BLOCK_BYTES = 8 * 128
"""r = 8, in blocks of 128 bytes."""
PARALLEL = 1
"""N = 2^14, r = 8, p = 1 takes 16 MB, and a Pi Zero 2 W a quarter of a second: what RFC 7914 says for a login."""
SALT_BYTES = 16
HASH_BYTES = 32
MAX_COST = 1 << 18
"""What a file may ask for: no stored hash shall take the machine's memory."""
MIN_PASSWORD = 8
MAX_PASSWORD = 256
PASSWORD_ALLOWED = f"{MIN_PASSWORD} to {MAX_PASSWORD} letters"


def hash_password(password: str) -> str:
    """What to store: `scrypt$N$r$p$SALT$HASH`."""
    salt = os.urandom(SALT_BYTES)
    r = BLOCK_BYTES // 128
    parts = (COST, r, PARALLEL, *map(_text, (salt, _scrypt(password, salt, COST, r, PARALLEL))))
    return "$".join(("scrypt", *map(str, parts)))


def matches(password: str, stored: str) -> bool:
    """Whether the password is the one that was stored. Takes as long as `hashed` does, also when it is not.

    Returns False for what is no such hash.
    """
    try:
        kind, cost, r, parallel, salt, expected = stored.split("$")
        numbers = int(cost), int(r), int(parallel)
        if kind != "scrypt" or not 1 < numbers[0] <= MAX_COST or numbers[1] * numbers[2] > 64:
            return False
        found = _scrypt(password, base64.b64decode(salt), *numbers)
        return hmac.compare_digest(found, base64.b64decode(expected))
    except ValueError:
        return False


def is_stored(text: str) -> bool:
    """Whether this is what `hashed` returns."""
    return text.startswith("scrypt$") and text.count("$") == 5


@cache
def dummy_hash() -> str:
    """To be compared with when there is no such person, so that it takes as long. No password is empty."""
    return hash_password("")


def _scrypt(password: str, salt: bytes, cost: int, r: int, parallel: int) -> bytes:
    memory = 2 * 128 * r * (cost + parallel + 2)
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=r, p=parallel, maxmem=memory, dklen=HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
