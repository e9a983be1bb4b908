"""supervisord without what it does not use."""

import html
import os
import subprocess
import sys

import pytest

from framebus.supervision.left_out import NoPages, escaped

STARTED = """
import sys
from framebus.supervision.left_out import leave_out
leave_out()
import framebus.supervision.supervisord, framebus.supervision.rpc, supervisor.http, supervisor.web
from framebus.supervision.options import Options
from supervisor.compat import md5, sha1
from supervisor.compat import urlparse, xmlrpclib
print(md5(b"").hexdigest()[:8], sha1(b"").hexdigest()[:8])
print(any("libcrypto" in line or "libssl" in line for line in open("/proc/self/maps")))
print(Options().import_spec("supervisor.rpcinterface:make_main_rpcinterface").__name__)
print(xmlrpclib.loads(xmlrpclib.dumps((1, "a"), "framebus.reload")))
print(urlparse.urlsplit("http://[::1]:80/").port)
"""
PRINTED = """d41d8cd9 da39a3ee
False
make_main_rpcinterface
((1, 'a'), 'framebus.reload')
80
"""


@pytest.mark.medium
def test_supervisor_works_without_them() -> None:
    # coverage would measure this process as well, and it loads OpenSSL.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", STARTED], capture_output=True, text=True, timeout=60, env=unmeasured
    )
    assert (done.stdout, done.stderr) == (PRINTED, "")


def test_no_request_is_one_for_a_page() -> None:
    assert not NoPages(object()).match(object())


def test_html_is_escaped_as_the_standard_library_does() -> None:
    text = "<script>&amp;</script>"
    assert escaped(text) == html.escape(text)
