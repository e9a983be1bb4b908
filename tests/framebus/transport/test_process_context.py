"""The ZeroMQ context of a process: one for all, one of its own after a fork, and an error before libzmq aborts."""

import errno
import os
import resource
import threading

import pytest
import zmq

from framebus.errors import ResourceError
from framebus.transport import process_context as module
from framebus.transport.process_context import MAX_SOCKETS, SPARE_DESCRIPTORS, TOO_FEW, exhaustion, process_context


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_all_threads_of_a_process_share_one_context() -> None:
    contexts: list[object] = []
    threads = [threading.Thread(target=lambda: contexts.append(process_context())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [context is process_context() for context in contexts] == [True] * 4


def test_the_context_allows_more_sockets_than_libzmq_does_by_default() -> None:
    assert process_context().get(zmq.MAX_SOCKETS) == MAX_SOCKETS > 1023


def test_a_forked_process_gets_its_own_context_and_keeps_the_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    inherited: list[zmq.Context[zmq.Socket[bytes]]] = []
    mine, pid = process_context(), os.getpid()
    monkeypatch.setattr(module, "_context", mine)
    monkeypatch.setattr(module, "_pid", pid)
    monkeypatch.setattr(module, "_inherited", inherited)
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: pid + 1)
        other = process_context()
        assert other is not mine
        assert process_context() is other
    assert inherited == [mine]
    assert not mine.closed
    other.destroy()


def test_the_lock_is_free_after_a_fork_while_another_thread_held_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_lock", module._lock)  # put back afterwards
    held = module._lock
    module._after_fork_in_child()

    assert module._lock is not held
    assert module._lock.acquire(blocking=False)
    module._lock.release()


def test_a_check_leaves_no_descriptor_open() -> None:
    process_context()
    before = open_descriptors()
    for _ in range(20):
        process_context()

    assert open_descriptors() <= before


def test_too_few_descriptors_are_an_error_and_take_none() -> None:
    process_context()
    before = open_descriptors()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    fillers = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2 * SPARE_DESCRIPTORS, limits[1]))
        with pytest.raises(OSError, match="Too many open files"):  # noqa: PT012  (how many fit depends on the gaps)
            while True:
                fillers.append(os.eventfd(0))
        for _ in range(SPARE_DESCRIPTORS - 1):
            os.close(fillers.pop())
        with pytest.raises(ResourceError) as caught:
            process_context()
        os.close(fillers.pop())
        process_context()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for filler in fillers:
            os.close(filler)
    assert str(caught.value) == TOO_FEW
    assert open_descriptors() <= before


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("kind", [OSError, zmq.ZMQError])
def test_an_error_of_exhaustion_becomes_a_resource_error(kind: type[Exception], code: int) -> None:
    with pytest.raises(ResourceError) as caught, exhaustion():
        raise kind(code, "as libzmq says it")
    assert str(caught.value) == (
        "too few file descriptors or sockets are left for a connection (24 descriptors needed); "
        "close subscribers that are no longer used, or raise the limit (ulimit -n)"
    )
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "no"), zmq.ZMQError(errno.EINVAL), ValueError("no"), KeyError()]
)
def test_any_other_error_passes(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, exhaustion():
        raise error
    assert caught.value is error
