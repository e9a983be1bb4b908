"""pyzmq without what framebus does not use of its imports."""

import pickle
import platform
import subprocess
import sys

import pytest

from framebus.runtime.deferred_module import DeferredModule
from framebus.transport.left_out import leave_out

STARTED = """
import sys
before = set(sys.modules)  # of the environment, such as coverage
from framebus.transport.left_out import leave_out
leave_out()
import zmq
print(sorted({"_pickle", "_random"} & (set(sys.modules) - before)))
with zmq.Context() as context, context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as other:
    other.connect(f"tcp://127.0.0.1:{one.bind_to_random_port('tcp://127.0.0.1')}")
    one.send_pyobj({"a": 1})
    print(other.recv_pyobj())
import pickle, platform, random
print(pickle.loads(pickle.dumps(7)), platform.python_implementation(), random.random() < 1)
"""


@pytest.mark.medium
def test_they_are_not_loaded_and_work_when_they_are_used() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", STARTED], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("[]\n{'a': 1}\n7 CPython True\n", "")


def test_what_pyzmq_reads_of_them_is_known_without_loading_them() -> None:
    names = ("pickle", "random", "platform")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delitem(sys.modules, name)
        leave_out()
        deferred = [sys.modules.get(name) for name in names]
    assert [type(module) for module in deferred] == [DeferredModule] * 3
    protocol, _, implementation = map(vars, deferred)
    assert protocol["DEFAULT_PROTOCOL"] == pickle.DEFAULT_PROTOCOL
    assert implementation["python_implementation"]() == platform.python_implementation()
