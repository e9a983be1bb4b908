"""The rules of the house that a tool can check: who imports whom, and that the documents speak of what is there."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
THEIR_OWN = {"typing_extensions", "cython_runtime"}
"""What msgspec imports where it is there, and what pyzmq makes."""
OPTIONAL = {
    "framebus/protocol/frame.py": {"numpy", "PIL"},
    "framebus/protocol/pixels.py": {"numpy", "PIL"},
    "framebus/publishing/frame_builder.py": {"PIL"},
    "framebus/publishing/picture.py": {"PIL"},
    "framebus/publishing/rendition_encoder.py": {"PIL"},
}
"""What a file imports only where it is used, or for type checkers: programs that do not use it need not have it."""
PROCESSES = {"capture", "gateway", "snapshot"}
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "examples").glob("*.md")),
]


def imports(file: Path) -> set[str]:
    """The top-level names of what a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("package", sorted(PROCESSES | {"framebus"}))
def test_no_process_imports_another(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        assert not imports(file) & (PROCESSES - {package}), file


COMMANDS_NEED = {"supervision": {"supervisor"}}
"""What else is needed, by the part of framebus that imports it; no program that imports framebus loads these parts."""


@pytest.mark.slow
def test_the_package_for_programs_needs_pyzmq_and_msgspec_alone() -> None:
    allowed = {"framebus", "zmq", "msgspec", *sys.stdlib_module_names}
    for file in (ROOT / "framebus").rglob("*.py"):
        optional = OPTIONAL.get(str(file.relative_to(ROOT)), set())
        assert imports(file) - optional <= allowed, file
        part = file.relative_to(ROOT / "framebus").parts[0]
        assert imports(file) <= allowed | COMMANDS_NEED.get(part, set()), file


def test_importing_it_loads_no_more_than_that() -> None:
    script = (
        "import sys; before = set(sys.modules); import framebus;"
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if not name.startswith("_")} <= {"framebus", "zmq", "msgspec", *THEIR_OWN}


def test_the_wheel_has_every_process_and_puts_none_beside_the_packages_of_others() -> None:
    processes = {file.parent.name for file in ROOT.glob("*/__main__.py")} - {"benchmarks", "framebus"}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["packages"]) == {"framebus", *processes}
    assert wheel["sources"] == {name: f"framebus/processes/{name}" for name in processes}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_link_to_files_that_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_readme_lists_the_commands_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z0-9-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = subprocess.run(["make", "-s", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    for target in targets:
        assert f"make {target}" in listed
    for command in re.findall(r"`make ([a-z0-9-]+)`", (ROOT / "README.md").read_text()):
        assert command in targets


NAMED_FILES = re.findall(
    r"`((?:framebus|capture|gateway|snapshot|tests|docs|benchmarks|examples)/[\w./-]+)`",
    "\n".join((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "docs/architecture.md")),
)


@pytest.mark.parametrize("named", sorted(set(NAMED_FILES)))
def test_the_guides_name_files_that_exist(named: str) -> None:
    assert "KIND" in named or (ROOT / named).exists()
