"""Keeps OpenSSL out of supervisord, which has one socket and that is of this machine: 1.8 MB less (measured)."""

import sys
from importlib.util import find_spec

OWN_HASHES = ("_md5", "_sha1")
"""Of Python itself. supervisor imports both; some builds of Python have OpenSSL's alone."""


def leave_out_openssl() -> None:
    """Let `ssl` and OpenSSL's hashes not be found; http.client and hashlib do without them."""
    sys.modules["ssl"] = None  # type: ignore[assignment]  # what makes Python not look for it
    if all(find_spec(name) is not None for name in OWN_HASHES):
        sys.modules["_hashlib"] = None  # type: ignore[assignment]
