"""supervisord without OpenSSL."""

import os
import subprocess
import sys

import pytest

STARTED = """
import sys
from framebus.supervision.without_openssl import leave_out_openssl
leave_out_openssl()
import framebus.supervision.supervisord, framebus.supervision.rpc
from supervisor.compat import md5, sha1
print(md5(b"").hexdigest()[:8], sha1(b"").hexdigest()[:8])
print(any("libcrypto" in line or "libssl" in line for line in open("/proc/self/maps")))
"""


@pytest.mark.medium
def test_supervisor_works_and_openssl_is_not_loaded() -> None:
    # coverage would measure this process as well, and it loads OpenSSL.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", STARTED], capture_output=True, text=True, timeout=60, env=unmeasured
    )
    assert (done.stdout, done.stderr) == ("d41d8cd9 da39a3ee\nFalse\n", "")
