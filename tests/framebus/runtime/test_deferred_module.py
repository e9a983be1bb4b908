"""Modules that are loaded when something of them is used."""

import builtins
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from framebus.runtime.deferred_module import DeferredModule, defer, deferred_function

MODULE = """
import builtins
from time import sleep

builtins.deferring_loads = getattr(builtins, "deferring_loads", 0) + 1
sleep(0.05)
value = "real"
other = 2


def double(number):
    return 2 * number
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package with a module `late`."""
    (tmp_path / "deferring").mkdir()
    (tmp_path / "deferring" / "__init__.py").touch()
    (tmp_path / "deferring" / "late.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(builtins, "deferring_loads", 0, raising=False)
    yield "deferring"
    for name in ("deferring.late", "deferring"):
        sys.modules.pop(name, None)


def imported() -> ModuleType:
    import deferring.late  # type: ignore[import-not-found]

    late: ModuleType = deferring.late
    return late


def test_known_names_do_not_load_it(package: str) -> None:
    defer(f"{package}.late", {"value": "known"})

    late = imported()

    assert late.value == "known"
    assert sys.modules[f"{package}.late"] is late
    assert isinstance(late, DeferredModule)


def test_any_other_name_loads_it(package: str) -> None:
    defer(f"{package}.late", {"value": "known"})
    late = imported()

    assert late.other == 2

    assert late.value == "real"
    assert not isinstance(imported(), DeferredModule)
    with pytest.raises(AttributeError, match="has no attribute 'missing'"):
        _ = late.missing


def test_a_function_of_it_can_be_called_later(package: str) -> None:
    later = deferred_function(f"{package}.late", "double")
    defer(f"{package}.late", {"double": later})
    late = imported()

    assert isinstance(late, DeferredModule)
    assert late.double(21) == 42
    assert not isinstance(imported(), DeferredModule)
    assert late.double is not later


def test_a_module_in_a_package_can_be_imported_without_loading_the_package(package: str) -> None:
    defer(package)

    from deferring.late import value

    assert value == "real"
    assert isinstance(sys.modules[package], DeferredModule)


def test_a_module_that_does_not_exist_is_still_missed(package: str) -> None:
    defer(f"{package}.missing")

    with pytest.raises(ModuleNotFoundError):
        __import__(f"{package}.missing")


def test_a_module_that_is_loaded_stays(package: str) -> None:
    late = imported()

    defer(f"{package}.late")

    assert imported() is late


def test_threads_that_use_it_at_the_same_time_load_it_once(package: str) -> None:
    defer(f"{package}.late")
    late, found = imported(), []
    threads = [threading.Thread(target=lambda: found.append(late.other)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [2] * 8
    assert vars(builtins)["deferring_loads"] == 1


@pytest.mark.medium
def test_names_of_a_module_of_the_standard_library_can_be_imported() -> None:
    script = """
import sys
from framebus.runtime.deferred_module import defer
defer("http.client", {"responses": {404: "none"}})
import http.client
from http.client import responses
print(responses, "email" in sys.modules)
from http.client import HTTPConnection
print(HTTPConnection.__module__, http.client.responses[404])
"""
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "{404: 'none'} False\nhttp.client Not Found\n"
