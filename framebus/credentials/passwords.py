"""Password hashes with scrypt (RFC 7914); each hash names the parameters that it was made with."""

import base64
import hashlib
import hmac
import os
from functools import cache

COST = 1 << 14
"""N of RFC 7914. With r = 8 and p = 1 a hash takes 16 MB, and a quarter of a second on a Pi Zero 2 W."""
BLOCK_SIZE = 8
"""r of RFC 7914, in units of 128 bytes."""
PARALLEL = 1
"""p of RFC 7914."""
SALT_BYTES = 16
HASH_BYTES = 32
MAX_MEMORY_BYTES = 64 << 20
"""What checking a stored hash may take: a file with other parameters cannot use up the memory of the machine."""
MAX_PARALLEL = 16
"""Each step of p costs as much time as the first."""
MIN_PASSWORD = 8
MAX_PASSWORD = 256
"""Both limits in characters."""
PASSWORD_ALLOWED = f"{MIN_PASSWORD} to {MAX_PASSWORD} characters"


def hash_password(password: str) -> str:
    """Hash a password with a new salt.

    Returns:
        The text to store: `scrypt$N$r$p$SALT$HASH`, salt and hash in Base64.
    """
    salt = os.urandom(SALT_BYTES)
    key = _scrypt(password, salt, COST, BLOCK_SIZE, PARALLEL)
    return f"scrypt${COST}${BLOCK_SIZE}${PARALLEL}${_base64(salt)}${_base64(key)}"


def matches(password: str, stored: str) -> bool:
    """Check a password against a stored hash; takes equally long for a right and a wrong one.

    Returns:
        Whether it is the password. False for a text that `hash_password` cannot have made.
    """
    try:
        kind, cost_text, block_size_text, parallel_text, salt, expected = stored.split("$")
        cost, block_size, parallel = int(cost_text), int(block_size_text), int(parallel_text)
        if kind != "scrypt" or min(cost, block_size, parallel) < 1 or parallel > MAX_PARALLEL:
            return False
        if _memory_bytes(cost, block_size, parallel) > MAX_MEMORY_BYTES:
            return False
        key = _scrypt(password, base64.b64decode(salt), cost, block_size, parallel)
        return hmac.compare_digest(key, base64.b64decode(expected))
    except ValueError:
        return False


@cache
def dummy_hash() -> str:
    """A hash to check against when the user does not exist, so that the answer takes as long. Matches no password."""
    return hash_password("")


def _memory_bytes(cost: int, block_size: int, parallel: int) -> int:
    """What OpenSSL allocates (EVP_PBE_scrypt(3)): 128 * r * (N + p + 2)."""
    return 128 * block_size * (cost + parallel + 2)


def _scrypt(password: str, salt: bytes, cost: int, block_size: int, parallel: int) -> bytes:
    limit = 2 * _memory_bytes(cost, block_size, parallel)
    return hashlib.scrypt(
        password.encode(), salt=salt, n=cost, r=block_size, p=parallel, maxmem=limit, dklen=HASH_BYTES
    )


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
