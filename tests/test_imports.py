"""What the processes must not import, as each module takes memory in each of them, on machines of 512 MB."""

import subprocess
import sys

import pytest

IMPORTED = """
import sys
before = set(sys.modules)  # of the environment, such as coverage
for module in sys.argv[1].split():
    __import__(module)
print(*(name for name, module in sys.modules.items() if module is not None and name not in before))
"""
OPENSSL = {"ssl", "_ssl", "_hashlib"}
RARE = {"argparse", "gettext", "shutil"}
if sys.version_info >= (3, 13):  # before, pathlib imports urllib.parse, and that imports it
    RARE.add("ipaddress")
HTTP = {"http", "email", "tornado"}
LARGE = {"PIL", "av", "numpy", "tomlkit", "prometheus_client", "curses", "xml", "unittest", "pydoc", "multiprocessing"}
UNUSED = {
    "capture.process capture.sources.v4l2": {
        "asyncio",
        "subprocess",
        "dataclasses",
        *RARE,
        *OPENSSL,
        *HTTP,
        *LARGE,
    },
    "snapshot.process": {"asyncio", "subprocess", "dataclasses", *RARE, *OPENSSL, *HTTP, *LARGE},
    "gateway.process": {"supervisor", "statistics", *LARGE} - {"curses", "multiprocessing"},  # which Tornado imports
    "framebus.supervision.__main__ framebus.supervision.rpc": {
        *("asyncio", "tornado", "zmq", "msgspec", "email", "inspect", "zipfile", "jaraco", "packaging", "typing"),
        *OPENSSL,
        *(LARGE - {"xml"}),  # for XML-RPC
    },
}
"""By the modules that a process starts with."""


COMMAND = """
import sys
from framebus.__main__ import main
sys.argv = ["framebus", "list", "--help"]
try:
    main()
except SystemExit:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.medium
def test_a_command_does_not_import_the_others() -> None:
    done = subprocess.run([sys.executable, "-P", "-c", COMMAND], capture_output=True, text=True, timeout=60, check=True)
    imported = {name for name in done.stderr.split() if name.startswith("framebus.commands.")}
    assert "framebus.commands.list" in imported
    assert imported & {f"framebus.commands.{name}" for name in ("up", "doctor", "install", "replay")} == set()


@pytest.mark.medium
@pytest.mark.parametrize("modules", UNUSED)
def test_a_process_does_not_import_what_it_does_not_use(modules: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", IMPORTED, modules], capture_output=True, text=True, timeout=60, check=True
    )
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert imported & {"capture", "framebus", "gateway", "snapshot"}
    assert imported & UNUSED[modules] == set()
