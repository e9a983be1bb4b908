"""A module that a library imports and a process hardly uses: it is loaded when something of it is used."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:  # supervisord uses this module and does without typing
    from typing import Any

_lock = Lock()


class DeferredModule(ModuleType):
    """Takes the place of a module. It has the names that are needed at once, and loads the module for any other."""

    def __init__(self, name: str, known: Mapping[str, object]) -> None:
        """Have these names of the module."""
        super().__init__(name)
        vars(self).update(known)

    def __getattr__(self, name: str) -> "Any":
        """Called for a name that it does not have."""
        if name == "__path__":  # which `from … import` asks for: it is no package
            raise AttributeError(name)
        return getattr(loaded(self.__name__), name)


def defer(name: str, known: Mapping[str, object] | None = None) -> None:
    """Let a module be loaded when it is used; call it before anything imports the module.

    Args:
        name: The module, with its packages. Nothing happens where it does not exist, or is loaded already.
        known: Names of it that are used by whoever imports it, and their values.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None:
        return
    sys.modules[name] = module = DeferredModule(name, known or {})
    if spec.submodule_search_locations is not None:
        module.__path__ = spec.submodule_search_locations
    package, _, own_name = name.rpartition(".")
    if package:
        setattr(sys.modules[package], own_name, module)


def deferred_function(module: str, name: str) -> "Callable[..., Any]":
    """A function that loads a module when it is called, and calls the function of this name there."""

    def call(*arguments: object, **named: object) -> object:
        return getattr(loaded(module), name)(*arguments, **named)

    return call


def loaded(name: str) -> ModuleType:
    """The module itself, which is loaded if that was deferred."""
    with _lock:  # not around the import, for which other threads may wait
        deferred = sys.modules.get(name)
        if isinstance(deferred, DeferredModule):
            del sys.modules[name]
    module = import_module(name)
    if isinstance(deferred, DeferredModule):
        vars(deferred).update(vars(module))
    return module
