"""Every endpoint in the folder of the sockets has one owner, which notices when it is lost."""

import contextlib
import os
import signal
import socket
import stat
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from framebus.config.load import Config
from framebus.runtime.run_dir import (
    Lock,
    RunDirError,
    frames_endpoint,
)
from tests.conftest import Configure, Start
from tests.processes import DEADLINE_SECONDS


def test_a_lock_says_whose_it_is(configure: Configure) -> None:
    config = configure()
    lock = Lock(config.run_dir, "front")

    file = config.run_dir / "front.lock"
    assert file.read_text() == f"{os.getpid()}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lock.close()


def test_each_endpoint_has_a_lock_of_its_own(configure: Configure) -> None:
    config = configure()
    locks = [Lock(config.run_dir, "front"), Lock(config.run_dir, "snapshot")]

    for lock in locks:
        lock.close()


def test_a_lock_that_was_let_go_is_free(configure: Configure) -> None:
    config = configure()
    Lock(config.run_dir, "front").close()
    Lock(config.run_dir, "front").close()


def test_a_forked_child_holds_no_lock(configure: Configure) -> None:
    config = configure()
    lock = Lock(config.run_dir, "front")
    file = config.run_dir / "front.lock"

    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            held = {os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")}
            lock.close()
            os._exit(str(file) in held)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with pytest.raises(RunDirError, match="front already runs"):
        Lock(config.run_dir, "front")
    lock.close()


def test_a_lock_that_is_closed_is_free_although_its_descriptor_was_inherited(configure: Configure) -> None:
    config = configure()
    lock = Lock(config.run_dir, "front")
    inherited = os.dup(lock._fd)  # the same open file, as a child's
    try:
        lock.close()
        Lock(config.run_dir, "front").close()
    finally:
        os.close(inherited)


def test_a_lock_of_a_process_is_refused_to_others_until_its_end(configure: Configure, start: Start) -> None:
    config = configure()
    holder = start("tests.framebus.program", "lock", config=config)
    holder.wait_for("ready")

    with pytest.raises(RunDirError) as caught:
        Lock(config.run_dir, "front")
    assert str(caught.value) == (
        f"front already runs as process {holder.pid} with run_dir {config.run_dir}; "
        "stop that one first, or give this one another run_dir"
    )

    os.kill(holder.pid, signal.SIGKILL)
    holder.ended()
    Lock(config.run_dir, "front").close()


def test_a_lock_that_is_refused_to_a_process_is_said_by_it(configure: Configure, start: Start) -> None:
    config = configure()
    lock = Lock(config.run_dir, "front")
    refused = start("tests.framebus.program", "lock", config=config)

    assert refused.ended() == 1
    assert refused.log.endswith(
        f" ERROR program: front already runs as process {os.getpid()} with run_dir {config.run_dir}; "
        "stop that one first, or give this one another run_dir\n"
    )
    assert (config.run_dir / "front.lock").read_text() == f"{os.getpid()}\n"
    lock.close()


def test_a_shorter_process_id_replaces_a_longer_one(configure: Configure) -> None:
    config = configure()
    (config.run_dir / "front.lock").write_text("123456789012\n")

    Lock(config.run_dir, "front").close()

    assert (config.run_dir / "front.lock").read_text() == f"{os.getpid()}\n"


def test_a_link_in_place_of_a_lock_is_refused(configure: Configure) -> None:
    config = configure()
    victim = config.run_dir / "victim"
    victim.write_text("precious")
    (config.run_dir / "front.lock").symlink_to(victim)

    with pytest.raises(RunDirError) as caught:
        Lock(config.run_dir, "front")
    assert str(caught.value) == f"{config.run_dir}/front.lock cannot be opened: Too many levels of symbolic links"
    assert victim.read_text() == "precious"


def test_who_waits_for_a_lock_gets_it_at_the_others_end(configure: Configure, start: Start) -> None:
    config = configure()
    holder = start("tests.framebus.program", "lock", config=config)
    holder.wait_for("ready")
    got = Event()

    def wait() -> None:
        Lock(config.run_dir, "front", wait=True).close()
        got.set()

    waiting = Thread(target=wait, daemon=True)
    waiting.start()
    assert not got.wait(0.1)
    assert holder.terminate() == 0
    assert got.wait(DEADLINE_SECONDS)
    waiting.join()


def bound(config: Config) -> tuple[str, socket.socket]:
    """A socket at the endpoint of a camera."""
    endpoint = frames_endpoint(config.run_dir, "front")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(endpoint.removeprefix("ipc://"))
    return endpoint, listener


def test_an_endpoint_that_was_deleted_is_noticed(configure: Configure) -> None:
    config = configure()
    endpoint, listener = bound(config)
    with closing(listener), closing(Lock(config.run_dir, "front")) as lock:
        lock.check(endpoint)
        Path(endpoint.removeprefix("ipc://")).unlink()
        with pytest.raises(RunDirError) as refused:
            lock.check(endpoint)
    assert (
        str(refused.value)
        == f"run_dir {config.run_dir} was deleted, or emptied: the process starts again to recreate it"
    )


def test_an_endpoint_that_another_program_took_is_noticed(configure: Configure) -> None:
    config = configure()
    endpoint, listener = bound(config)
    path = Path(endpoint.removeprefix("ipc://"))
    with closing(listener), closing(Lock(config.run_dir, "front")) as lock:
        lock.check(endpoint)
        path.rename(path.with_name("kept"))  # so that its inode is not given to the next
        _, other = bound(config)
        with closing(other), pytest.raises(RunDirError) as refused:
            lock.check(endpoint)
    assert str(refused.value) == f"another program has taken {path}: the process starts again to recreate it"
