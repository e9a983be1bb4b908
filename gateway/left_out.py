"""Keeps out of the gateway what asyncio and Tornado import and it does not use: 3.5 MB less, and 20 ms (measured).

The figures are those of Tornado 6.4, which Debian 13 has.
"""

import os
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from types import GeneratorType

from framebus.runtime.deferred_module import defer, deferred_function
from framebus.transport import left_out as pyzmq

AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Environment: where OpenSSL finds the certificates of authorities (SSL_CTX_load_verify_locations(3ossl))."""
CO_ITERABLE_COROUTINE = 0x100
"""Include/cpython/code.h: the flag of a generator that types.coroutine made awaitable."""


def is_class(thing: object) -> bool:
    """As inspect.isclass."""
    return isinstance(thing, type)


def is_awaitable(thing: object) -> bool:
    """As inspect.isawaitable."""
    if isinstance(thing, GeneratorType):
        return bool(thing.gi_code.co_flags & CO_ITERABLE_COROUTINE)
    return isinstance(thing, Awaitable)


INSPECT = {
    "isclass": is_class,
    "isawaitable": is_awaitable,
    "getfullargspec": deferred_function("inspect", "getfullargspec"),
}
"""What Tornado takes of the module by name. With the compiler's modules, which it imports, it takes 1.2 MB."""


def leave_out() -> None:
    """Call it before Tornado and pyzmq are imported."""
    pyzmq.leave_out()
    sys.modules["curses"] = None  # type: ignore[assignment]  # Tornado does without; the log has no colours
    defer("html")  # its table of entities, for other text than that of framebus
    defer("http.client", {"responses": {status: status.phrase for status in HTTPStatus}})
    defer("inspect", INSPECT)
    defer("multiprocessing")  # for servers of several processes, which framebus starts itself
    defer("shutil")
    defer("tornado._locale_data", {"LOCALE_NAMES": {}})  # the names of languages
    with no_authorities():
        import tornado.netutil  # noqa: F401  (6.4 prepares for HTTPS to other servers, which the gateway never asks)


@contextmanager
def no_authorities() -> Iterator[None]:
    """Let OpenSSL know no authorities meanwhile: there are about 140, and they take 0.9 MB and 20 ms."""
    kept = {name: os.environ.get(name) for name in AUTHORITIES}
    os.environ.update(dict.fromkeys(AUTHORITIES, os.devnull))
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
