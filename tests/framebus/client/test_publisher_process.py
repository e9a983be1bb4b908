"""The process of a publisher: its descriptors, its end, a fork, a kill, and a new one in its place."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from framebus import (
    Publisher,
    PublisherError,
    StatusSubscriber,
)
from framebus.config.load import Config
from tests.capture.jpegs import jpeg
from tests.conftest import Configure
from tests.framebus.client.marked import TABLES, subscriber
from tests.processes import DEADLINE_SECONDS, Running, wait_until


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(TABLES)


def test_a_second_publisher_is_refused(config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher:
        with pytest.raises(PublisherError) as caught:
            Publisher("marked", config=config.path)
        assert str(caught.value) == (
            f"marked already runs as process {os.getpid()} with run_dir {config.run_dir}; "
            "stop that one first, or give this one another run_dir"
        )
        assert publisher.publish(jpeg()) == 1
    with Publisher("marked", config=config.path):
        pass


@pytest.mark.slow
def test_an_endpoint_that_was_deleted_is_said(config: Config) -> None:
    with Publisher("marked", config=config.path) as publisher:
        (config.run_dir / "marked.frames").unlink()

        def is_lost() -> bool:
            try:
                publisher.wait_watched(0.05)
            except PublisherError as error:
                return "camera marked is not published any more: run_dir" in str(error)
            return False

        wait_until(is_lost, "the loss is noticed")


def test_many_threads_may_publish(config: Config) -> None:
    numbers: list[int] = []
    with Publisher("marked", config=config.path) as publisher:
        threads = [
            threading.Thread(target=lambda: numbers.extend(publisher.publish(jpeg()) for _ in range(25)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(numbers) == list(range(1, 101))


def descriptors() -> set[str]:
    return {each for each in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{each}")}


def test_a_refused_publisher_leaves_no_descriptor_open(config: Config) -> None:
    with Publisher("marked", config=config.path):
        before = descriptors()
        for _ in range(3):
            with pytest.raises(PublisherError, match=r"\Amarked already runs as process"):
                Publisher("marked", config=config.path)
        wait_until(lambda: descriptors() <= before, "libzmq has closed them")


FEW = """
import os, resource, sys, time
from framebus import FramebusError, Publisher

def settled(most):
    deadline = time.monotonic() + 30
    while len(os.listdir("/proc/self/fd")) > most and time.monotonic() < deadline:
        time.sleep(0.01)  # libzmq closes them in a thread of its own
    return len(os.listdir("/proc/self/fd")) <= most

Publisher("marked", config=sys.argv[1]).close()  # all imports
time.sleep(0.3)
used = len(os.listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.eventfd(0))
except OSError:
    pass
errors = set()
while True:
    try:
        Publisher("marked", config=sys.argv[1]).close()
        break
    except FramebusError as error:
        errors.add(type(error).__name__)
    os.close(held.pop())
    assert settled(used + len(held)), "descriptors are left open"
print(len(held) > 0, "ResourceError" in errors)
"""


@pytest.mark.medium
def test_with_few_descriptors_left_it_is_an_error_that_says_so(config: Config) -> None:
    """With each number of them, from none to enough."""
    command = [sys.executable, "-c", FEW, str(config.path)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "True True\n", "")


PROGRAM = """
import sys, time
from framebus import Publisher
with open(sys.argv[2], "rb") as file:
    picture = file.read()
publisher = Publisher("marked", config=sys.argv[1])
print("publishes", flush=True)
while True:
    publisher.publish(picture)
    time.sleep(0.05)
"""


@pytest.mark.slow
def test_viewers_outlive_a_program_that_is_killed(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    (tmp_path / "picture.jpg").write_bytes(jpeg())
    command = (sys.executable, "-W", "error", str(file), str(config.path), str(tmp_path / "picture.jpg"))
    with (
        subscriber(config) as viewer,
        StatusSubscriber("marked", config=config.path, timeout=DEADLINE_SECONDS) as statuses,
    ):
        first = Running(*command, log=tmp_path / "first.log")
        try:
            epoch = viewer.receive().epoch
            wait_until(lambda: statuses.receive().state == "live", "the camera is live")
            first.process.send_signal(signal.SIGKILL)
            wait_until(lambda: statuses.receive().state == "offline", "the camera is offline")
            second = Running(*command, log=tmp_path / "second.log")
            try:
                wait_until(lambda: viewer.receive().epoch != epoch, "the viewer sees it again")
                wait_until(lambda: statuses.receive().state in ("starting", "live"), "the camera is there again")
            finally:
                second.close()
        finally:
            first.close()


ENDS = {
    "left open": "publisher = Publisher('marked', config=sys.argv[1])",
    "dropped": "Publisher('marked', config=sys.argv[1])",
    "in an error": "publisher = Publisher('marked', config=sys.argv[1]); publisher.publish(picture); sys.exit(0)",
    "forked": """
publisher = Publisher('marked', config=sys.argv[1])
pid = os.fork()
if pid == 0:
    try:
        publisher.publish(picture)
    except framebus.PublisherError as error:
        assert 'was made in process' in str(error), error
        sys.exit(0)
    os._exit(1)
assert os.waitpid(pid, 0)[1] == 0
publisher.publish(picture)
""",
}


@pytest.mark.medium
@pytest.mark.parametrize("end", ENDS)
def test_the_program_ends_without_a_hang_or_a_warning(end: str, config: Config, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    preamble = "import os, sys\nimport framebus\nfrom framebus import Publisher\npicture = open(sys.argv[2], 'rb')"
    file.write_text(f"{preamble}\npicture, file = picture.read(), picture\nfile.close()\n{ENDS[end]}\n")
    (tmp_path / "picture.jpg").write_bytes(jpeg())
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", str(file), str(config.path), str(tmp_path / "picture.jpg")],
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert (ran.returncode, re.sub(r"(?m)^.*multi-threaded.*\n(  .*\n)*", "", ran.stderr)) == (0, "")
