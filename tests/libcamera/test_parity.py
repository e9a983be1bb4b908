"""The stand-in for libcamera's bindings says nothing that the real ones do not say.

Held against each other: names and what kind of thing they name, signatures, the members of enumerations, the types of
controls, and which values a request takes for them. What the stand-in has for itself alone is listed here.
"""

import ast
import enum
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import libcamera
import pytest

from tests.libcamera.standin import standin

THE_STANDINS_OWN = {
    "CameraManager.completed",
    "ControlId.accepts",
    "FrameBuffer.drawn",
    "FrameBuffer.memory",
    "Request.wanted",
    "StreamConfiguration.adjust",
    "StreamConfiguration.role",
}
"""How its parts talk to each other."""


def classes(place: Any, path: str = "") -> Iterator[tuple[str, type]]:
    """Each class that can be reached from here, with the names that lead to it."""
    public = place.__all__ if place is standin else [name for name in vars(place) if not name.startswith("_")]
    for name in public:
        found = getattr(place, name)
        inside = f"{path}.{name}".lstrip(".")
        if isinstance(found, ModuleType) and found.__name__.startswith("standin."):
            yield from classes(found, inside)
        elif isinstance(found, type) and found.__module__.startswith("standin.") and _belongs(found, place):
            yield inside, found
            if not issubclass(found, enum.Enum):
                yield from classes(found, inside)


def _belongs(found: type, place: Any) -> bool:
    """Whether it is defined here, and not imported for its parts."""
    return place is standin or found.__module__ == getattr(place, "__module__", place.__name__)


def real(path: str) -> Any:
    found: Any = libcamera
    for name in path.split("."):
        found = getattr(found, name)
    return found


ALL = dict(classes(standin))
ENUMS = {path: found for path, found in ALL.items() if issubclass(found, enum.Enum)}
OTHERS = {path: found for path, found in ALL.items() if path not in ENUMS}


def identities(place: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, found in vars(place).items():
        if isinstance(found, standin.ControlId):
            yield f"{path}.{name}", found
        elif name == "draft":
            yield from identities(found, f"{path}.draft")


IDENTITIES = dict([*identities(standin.controls, "controls"), *identities(standin.properties, "properties")])


def test_there_is_something_to_compare() -> None:
    assert libcamera._libcamera.__file__.startswith("/usr/lib/python3/dist-packages/")
    version = re.match(r"v(\d+)\.(\d+)\.(\d+)", libcamera.CameraManager.singleton().version)
    assert version
    assert tuple(map(int, version.groups())) >= (0, 7, 1)
    assert len(ENUMS) >= 15
    assert len(OTHERS) >= 18
    assert len(IDENTITIES) >= 35


# --- names and kinds ---


def attributes(found: type) -> tuple[set[str], set[str]]:
    """The names of what is called, and of what is read or written, also where only an object has it."""
    (definition,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(found))).body
    assert isinstance(definition, ast.ClassDef)
    functions = [each for each in definition.body if isinstance(each, ast.FunctionDef)]
    properties = {each.name for each in functions if any(ast.unparse(by) == "property" for by in each.decorator_list)}
    assigned = {
        node.attr
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    annotated = {ast.unparse(each.target) for each in definition.body if isinstance(each, ast.AnnAssign)}
    called = {each.name for each in functions} - properties
    return _public(called), _public(properties | assigned | annotated)


def _public(names: set[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("path", OTHERS)
def test_each_attribute_is_a_real_one_of_the_same_kind(path: str) -> None:
    called, read = attributes(OTHERS[path])
    for name in called | read:
        if f"{path}.{name}" in THE_STANDINS_OWN:
            continue
        there = inspect.getattr_static(real(path), name)
        is_data = isinstance(there, property) or type(there).__name__ == "pybind11_static_property"
        assert is_data == (name in read), name


def test_nothing_is_called_its_own_that_is_not() -> None:
    for name in THE_STANDINS_OWN:
        path, _, attribute = name.rpartition(".")
        called, read = attributes(OTHERS[path])
        assert attribute in called | read, name
        assert not hasattr(real(path), attribute), name


@pytest.mark.parametrize("path", ENUMS)
def test_each_enumeration_has_real_members(path: str) -> None:
    members = {name: member.value for name, member in ENUMS[path].__members__.items()}
    really = {name: int(member.value) for name, member in real(path).__members__.items()}
    assert members.items() <= really.items()


# --- signatures ---

Parameter = tuple[str, bool]
"""A name, and whether it may be left out."""


def overloads(function: Any) -> list[list[Parameter]]:
    """The signatures that pybind11 writes into the documentation; `self` is left out."""
    signatures = re.findall(r"^(?:\d+\. )?\w+\((.*)\) -> ", function.__doc__, re.MULTILINE)
    return [_parameters(text) for text in signatures if text != "*args, **kwargs"]


def _parameters(text: str) -> list[Parameter]:
    split = re.split(r", (?=\w+:)", text) if text else []
    return [(each.split(":")[0], " = " in each) for each in split if not each.startswith("self:")]


def same(name: str, really: str) -> bool:
    """Of a parameter that pybind11 has no name for it knows the place alone."""
    return re.fullmatch(r"arg\d+", really) is not None or name == really


def callables(path: str) -> list[str]:
    names = attributes(OTHERS[path])[0] if path in OTHERS else set()
    constructible = "__init__(" in (real(path).__init__.__doc__ or "")  # others are made by libcamera alone
    own = "__init__" in vars(OTHERS[path])
    return sorted(name for name in names if f"{path}.{name}" not in THE_STANDINS_OWN) + ["__init__"] * (
        constructible and own
    )


@pytest.mark.parametrize(("path", "name"), [(path, name) for path in OTHERS for name in callables(path)])
def test_each_signature_is_a_real_one(path: str, name: str) -> None:
    parameters = list(inspect.signature(getattr(OTHERS[path], name)).parameters.values())
    ours = [each for each in parameters if each.name != "self"]
    really = overloads(getattr(real(path), name))
    assert really, "pybind11 documents it"
    for index, each in enumerate(ours):
        if each.kind is each.KEYWORD_ONLY:
            known = any(each.name == there for one in really for there, _ in one)
        else:
            known = any(index < len(one) and same(each.name, one[index][0]) for one in really)
        assert known, f"{each.name}: {really}"
    needed = min(sum(not optional for _, optional in one) for one in really)
    assert needed <= len(ours), f"too few parameters: {really}"


# --- controls ---


@pytest.mark.parametrize("path", IDENTITIES)
def test_each_control_has_its_real_type(path: str) -> None:
    ours, there = IDENTITIES[path], real(path)
    assert (ours.name, ours.type.name, ours.isArray) == (there.name, there.type.name, there.isArray)
    if ours.isArray:
        assert ours.size == there.size


@pytest.fixture(scope="module")
def request_() -> Iterator[Any]:
    """A real one, to set controls in."""
    manager = libcamera.CameraManager.singleton()
    camera = manager.cameras[0]
    camera.acquire()
    configuration = camera.generate_configuration([libcamera.StreamRole.VideoRecording])
    configuration.validate()
    camera.configure(configuration)
    yield camera.create_request(0)
    camera.release()


def values(of: Any) -> list[Any]:
    """What somebody may try to set, with the types of this module."""
    area, size = of.Rectangle(0, 0, 64, 48), of.Size(64, 48)
    single = [True, 1, 1.5, "1", area, size]
    return [*single, (1, 2), (1.0, 2.0), [1, 2], [1.5, 2.5], ["a", "b"], (area,), [area, area], (0, 0, 64, 48)]


def takes(wanted: Any, identity: Any, value: Any) -> bool:
    try:
        wanted.set_control(identity, value)
    except RuntimeError:
        return False
    return True


@pytest.mark.parametrize("path", [path for path in IDENTITIES if path.startswith("controls.")])
def test_a_request_takes_nothing_that_a_real_one_refuses(request_: Any, path: str) -> None:
    """The real one takes some more, such as a list for what is no list."""
    ours = standin.Request(0)
    taken = [takes(ours, IDENTITIES[path], value) for value in values(standin)]
    really = [takes(request_, real(path), value) for value in values(libcamera)]
    assert any(taken)
    assert not all(really)
    for value, here, there in zip(values(libcamera), taken, really, strict=True):
        assert there or not here, value
