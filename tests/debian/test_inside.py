"""What is run in a chroot ends with the command that runs it."""

import os
import subprocess

import pytest

from tests.debian.inside import NAMESPACES, end
from tests.processes import wait_until


@pytest.mark.root
@pytest.mark.medium
def test_a_command_that_would_go_on_as_another_user_is_ended() -> None:
    script = ("setpriv", "--reuid=nobody", "--clear-groups", "sh", "-c", "echo up; exec sleep 600")
    process = subprocess.Popen([*NAMESPACES, *script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == b"up\n"
        end(process)
        os.set_blocking(output.fileno(), False)
        wait_until(lambda: output.read() == b"", "the end of all that held the pipe")
