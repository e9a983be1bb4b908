"""What is run in a chroot ends with the command that runs it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.debian.inside import NAMESPACES, end
from tests.processes import wait_until


@pytest.mark.root
@pytest.mark.medium
def test_a_command_that_would_go_on_is_ended(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = [*NAMESPACES, "sh", "-c", f"exec sleep 600 >{fifo}"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    with fifo.open("rb") as held:  # until it runs
        end(process)
        os.set_blocking(held.fileno(), False)
        wait_until(lambda: held.read() == b"", "the end of all that held the pipe")
