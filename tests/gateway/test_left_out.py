"""The gateway without what it does not use of Tornado's imports."""

import asyncio
import inspect
import os
import subprocess
import sys
import types
from collections.abc import Generator

import pytest

from gateway.left_out import is_awaitable, is_class, no_authorities

STARTED = """
import sys
before = set(sys.modules)  # of the environment, such as coverage
from gateway.left_out import leave_out
leave_out()
import gateway.process
unused = {"_curses", "email.parser", "html.entities", "multiprocessing.context"}
print(sorted(unused & (set(sys.modules) - before)))
import html, http.client, inspect, multiprocessing, shutil, ssl
from tornado.util import ArgReplacer
from tornado.escape import xhtml_escape, xhtml_unescape
from tornado.httputil import responses
print(responses[404], xhtml_escape("<&>"), xhtml_unescape("&eacute;"), multiprocessing.cpu_count() > 0)
print(http.client.HTTPConnection.__name__, shutil.which("sh") is not None)
print(ArgReplacer(shutil.which, "mode").get_old_value(["sh", 7], {}), inspect.signature(shutil.which).parameters["cmd"])
print(ssl.create_default_context().verify_mode.name)
"""
PRINTED = """[]
Not Found &lt;&amp;&gt; \u00e9 True
HTTPConnection True
7 cmd
CERT_REQUIRED
"""


@pytest.mark.medium
def test_they_are_not_loaded_and_work_when_they_are_used() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", STARTED], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.stdout, done.stderr) == (PRINTED, "")


async def coroutine() -> None:
    """Nothing."""


@types.coroutine
def awaitable_generator() -> Generator[None, None, None]:
    yield


@pytest.mark.parametrize("thing", [awaitable_generator(), (number for number in range(1)), asyncio.Event, int, 5, None])
def test_what_a_thing_is_is_said_as_inspect_does(thing: object) -> None:
    assert is_awaitable(thing) == inspect.isawaitable(thing)
    assert is_class(thing) == inspect.isclass(thing)


def test_a_coroutine_is_awaitable() -> None:
    made = coroutine()
    assert is_awaitable(made)
    made.close()


def test_the_authorities_are_known_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/mine.pem")
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)

    with no_authorities():
        assert (os.environ["SSL_CERT_FILE"], os.environ["SSL_CERT_DIR"]) == ("/dev/null", "/dev/null")

    assert os.environ["SSL_CERT_FILE"] == "/etc/ssl/mine.pem"
    assert "SSL_CERT_DIR" not in os.environ
