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
    "framebus/client/async_publisher.py": {"numpy"},
    "framebus/client/publisher.py": {"numpy"},
    "framebus/commands/export.py": {"mcap"},
    "framebus/config/edit.py": {"tomlkit"},
    "framebus/protocol/fast_grey.py": {"numpy", "simplejpeg"},
    "framebus/protocol/frame.py": {"numpy", "PIL"},
    "framebus/protocol/pixels.py": {"numpy", "PIL"},
    "framebus/protocol/reduced_jpeg.py": {"PIL"},
    "framebus/publishing/array_encoder.py": {"numpy", "PIL"},
    "framebus/publishing/frame_builder.py": {"PIL"},
    "framebus/publishing/jpeg_completeness.py": {"PIL"},
    "framebus/publishing/picture.py": {"PIL"},
    "framebus/publishing/rendition_encoder.py": {"PIL"},
    "framebus/runtime/save_jpeg.py": {"PIL"},
}
"""What a file imports only where it is used, or for type checkers: programs that do not use it need not have it."""
PROCESSES = {"capture", "gateway", "recorder", "snapshot"}
TESTED_WITH = {
    "gateway/export/time_stamp.py": "tests/gateway/export/test_film_encoder.py",
    "gateway/cameras/exports.py": "tests/gateway/http/test_export_api.py",
    "gateway/http/openapi_recordings.py": "tests/gateway/http/test_openapi.py",
    "framebus/client/async_connection.py": "tests/framebus/client/test_async_subscriber.py",
    "framebus/client/async_request.py": "tests/framebus/client/test_snapshots.py",
    "framebus/client/async_snapshots.py": "tests/framebus/client/test_snapshots.py",
    "framebus/client/async_status_subscriber.py": "tests/framebus/client/test_status_subscriber.py",
    "framebus/client/closable.py": "tests/framebus/client/test_lifetimes.py",
    "framebus/client/connection.py": "tests/framebus/client/test_subscriber.py",
    "framebus/client/frame_connection.py": "tests/framebus/client/test_subscriber.py",
    "framebus/client/loops.py": "tests/framebus/client/test_lifetimes.py",
    "framebus/client/status_subscription.py": "tests/framebus/client/test_status_subscriber.py",
    "framebus/client/subscriber_base.py": "tests/framebus/client/test_subscriber.py",
    "framebus/client/recorder.py": "tests/framebus/commands/test_recorder.py",
    "framebus/client/subscription.py": "tests/framebus/client/test_frame_subscription.py",
    "framebus/commands/close.py": "tests/e2e/test_open.py",
    "framebus/commands/install.py": "tests/packaging/test_install.py",
    "framebus/commands/integrate.py": "tests/framebus/test_integrations.py",
    "framebus/commands/open.py": "tests/e2e/test_open.py",
    "framebus/commands/uninstall.py": "tests/packaging/test_install.py",
    "framebus/installation/machine.py": "tests/packaging/test_install.py",
    "framebus/installation/program.py": "tests/packaging/test_install.py",
    "framebus/commands/check.py": "tests/framebus/commands/test_config.py",
    "framebus/publishing/camera_endpoint.py": "tests/capture/test_server.py",
    "framebus/client/async_event_subscriber.py": "tests/framebus/client/test_event_subscriber.py",
    "framebus/client/event_subscription.py": "tests/framebus/client/test_event_subscriber.py",
    "framebus/client/async_publisher.py": "tests/framebus/client/test_publisher.py",
    "framebus/commands/bw.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/echo.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/export.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/hz.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/measuring.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/progress.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/record.py": "tests/framebus/commands/test_recordings.py",
    "framebus/commands/replay.py": "tests/framebus/commands/test_recordings.py",
    "framebus/publishing/array_encoder.py": "tests/framebus/client/test_publisher.py",
    "framebus/publishing/publishing_thread.py": "tests/framebus/client/test_publisher.py",
    "framebus/supervision/__main__.py": "tests/e2e/test_reload.py",
    "capture/process.py": "tests/capture/test_main.py",
    "gateway/process.py": "tests/gateway/test_main.py",
    "snapshot/process.py": "tests/snapshot/test_main.py",
    "framebus/supervision/changing.py": "tests/e2e/test_reload.py",
    "framebus/supervision/check.py": "tests/e2e/test_reload.py",
    "framebus/supervision/checking.py": "tests/e2e/test_reload.py",
    "framebus/supervision/client.py": "tests/e2e/test_reload.py",
    "framebus/supervision/files.py": "tests/e2e/test_reload.py",
    "framebus/supervision/rpc.py": "tests/e2e/test_reload.py",
    "framebus/supervision/supervisord.py": "tests/e2e/test_reload.py",
    "capture/media/av_failures.py": "tests/capture/media/test_av_stream.py",
    "capture/media/transport_stream.py": "tests/capture/media/test_mpegts.py",
    "capture/picamera2/camera.py": "tests/capture/sources/test_picamera2.py",
    "framebus/recordings/line_of_days.py": "tests/framebus/recordings/test_folder.py",
    "recorder/__main__.py": "tests/recorder/test_server.py",
    "benchmarks/motion_scenes/ground.py": "tests/benchmarks/test_motion_scenes.py",
    "benchmarks/motion_scenes/incidents.py": "tests/benchmarks/test_motion_scenes.py",
    "benchmarks/motion_scenes/people.py": "tests/benchmarks/test_motion_scenes.py",
    "benchmarks/motion_scenes/picture.py": "tests/benchmarks/test_motion_scenes.py",
    "benchmarks/motion_scenes/scene.py": "tests/benchmarks/test_motion_scenes.py",
    "benchmarks/motion_scenes/weather.py": "tests/benchmarks/test_motion_scenes.py",
    "recorder/motion/__main__.py": "tests/recorder/motion/test_server.py",
    "recorder/motion/arrays.py": "tests/recorder/motion/test_detector.py",
    "recorder/motion/background.py": "tests/recorder/motion/test_detector.py",
    "recorder/motion/blobs.py": "tests/recorder/motion/test_detector.py",
    "recorder/motion/tracks.py": "tests/recorder/motion/test_detector.py",
    "recorder/motion/watcher.py": "tests/recorder/motion/test_server.py",
    "recorder/recorder_service.py": "tests/recorder/test_server.py",
    "gateway/cameras/recorder_client.py": "tests/gateway/http/test_recorder_api.py",
    "gateway/http/json_body.py": "tests/gateway/http/test_cameras_api.py",
    "gateway/http/recorder_metrics.py": "tests/gateway/http/test_recorder_api.py",
    "gateway/http/operation.py": "tests/gateway/http/test_openapi.py",
    "gateway/http/services.py": "tests/gateway/http/test_routes.py",
    "gateway/http/settings/operations.py": "tests/gateway/http/test_openapi.py",
    "benchmarks/bare_capture.py": "tests/benchmarks/test_few_viewers.py",
    "benchmarks/bare_gateway.py": "tests/benchmarks/test_few_viewers.py",
    "benchmarks/baseline_server.py": "tests/benchmarks/test_load.py",
}
"""Modules that are tested through another one, and the tests that do so."""
WITHOUT_TESTS = {
    "framebus/commands/findings.py": "one struct",
    "framebus/publishing/condition.py": "one struct",
    "framebus/publishing/picture.py": "one struct",
    "framebus/protocol/jpeg.py": "two constants",
    "framebus/settings/settings_error.py": "one exception",
    "gateway/http/places.py": "one struct",
    "capture/source.py": "an abstract class; each source has tests",
    "snapshot/errors.py": "one exception",
    "recorder/incoming_frame.py": "one struct",
    "benchmarks/age.py": "a measurement, which needs a quiet machine",
    "benchmarks/browser_look_back.py": "a process of a measurement",
    "benchmarks/browser_page.py": "a process of a measurement",
    "benchmarks/buffering_hop.py": "a process of a measurement",
    "benchmarks/bus.py": "a measurement, which needs a quiet machine",
    "benchmarks/controls.py": "a measurement, which needs a quiet machine",
    "benchmarks/demand.py": "a measurement, which needs a quiet machine",
    "benchmarks/footprint.py": "a measurement, which needs a quiet machine",
    "benchmarks/motion.py": "a measurement, which needs a quiet machine",
    "benchmarks/network.py": "a network namespace, which needs root",
    "benchmarks/peers.py": "ustreamer, which is not part of framebus",
    "benchmarks/pipeline.py": "a measurement, which needs a quiet machine",
    "benchmarks/recorded_page.py": "a measurement, which needs a quiet machine",
    "benchmarks/first_picture.py": "a measurement, which needs a quiet machine",
    "benchmarks/recorder.py": "a measurement, which needs a quiet machine",
    "benchmarks/renditions.py": "a measurement, which needs a quiet machine",
    "benchmarks/slow_link.py": "a measurement, which needs a quiet machine",
    "benchmarks/slow_page.py": "a measurement, which needs a quiet machine",
    "benchmarks/snapshots.py": "a measurement, which needs a quiet machine",
    "benchmarks/subscriber_process.py": "a process of a measurement",
    "benchmarks/subscribers.py": "a measurement, which needs a quiet machine",
    "benchmarks/workers.py": "a measurement, which needs a quiet machine",
}
"""Modules without tests of their own, and why."""
MAX_MODULE_LINES = 400
"""A longer module has more than one subject."""
MODULES = [
    module
    for package in ("framebus", "gateway", "capture", "recorder", "snapshot", "benchmarks")
    for module in sorted((ROOT / package).rglob("*.py"))
    if module.name != "__init__.py"
]
TEST_MODULES = sorted((ROOT / "tests").rglob("*.py"))
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


@pytest.mark.parametrize("package", sorted(PROCESSES | {"framebus"}))
def test_no_process_imports_another(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        assert not imports(file) & (PROCESSES - {package}), file


COMMANDS_NEED = {"supervision": {"supervisor"}, "commands": {"segno"}}
"""What else is needed, by the part of framebus that imports it; no program that imports framebus loads these parts."""


def test_the_package_for_programs_needs_pyzmq_and_msgspec_alone() -> None:
    allowed = {"framebus", "zmq", "msgspec", *sys.stdlib_module_names}
    for file in (ROOT / "framebus").rglob("*.py"):
        optional = OPTIONAL.get(str(file.relative_to(ROOT)), set())
        part = file.relative_to(ROOT / "framebus").parts[0]
        assert imports(file) - optional <= allowed | COMMANDS_NEED.get(part, set()), file


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


def test_documents_link_to_files_that_exist() -> None:
    links = (
        (document, target) for document in DOCUMENTS for target in re.findall(r"\]\(([^)#]+)\)", document.read_text())
    )
    assert [
        f"{document.relative_to(ROOT)}: {target}"
        for document, target in links
        if "://" not in target and not (document.parent / target).exists()
    ] == []


def test_the_readme_lists_the_commands_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z0-9-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = subprocess.run(["make", "-s", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    for target in targets:
        assert f"make {target}" in listed
    for command in re.findall(r"`make ([a-z0-9-]+)`", (ROOT / "README.md").read_text()):
        assert command in targets


NAMED_FILES = re.findall(
    r"`((?:framebus|capture|gateway|recorder|snapshot|tests|docs|benchmarks|examples)/[\w./-]+)`",
    "\n".join((ROOT / name).read_text() for name in ("CONTRIBUTING.md", "docs/architecture.md")),
)


def test_the_guides_name_files_that_exist() -> None:
    assert NAMED_FILES
    assert [named for named in sorted(set(NAMED_FILES)) if "KIND" not in named and not (ROOT / named).exists()] == []


def test_each_module_has_a_test_module() -> None:
    advice = []
    for module in MODULES:
        name = str(module.relative_to(ROOT))
        mirrored = ROOT / "tests" / module.relative_to(ROOT).parent / f"test_{module.stem.strip('_')}.py"
        if not (mirrored.exists() or name in WITHOUT_TESTS or name in TESTED_WITH):
            where = mirrored.relative_to(ROOT)
            advice.append(f"write {where}, or add {name} to TESTED_WITH or WITHOUT_TESTS with the reason")
    assert MODULES
    assert advice == []


def test_no_test_replaces_a_constant_of_ours() -> None:
    """What a test needs to be shorter or elsewhere is an argument with a default."""
    replaced = re.compile(r"setattr\([^\n]*[\".][A-Z][A-Z_]+\"")
    assert [str(module.relative_to(ROOT)) for module in TEST_MODULES if replaced.search(module.read_text())] == []


def test_each_module_is_short_enough_to_have_one_subject() -> None:
    lines = {module: len(module.read_bytes().splitlines()) for module in (*MODULES, *TEST_MODULES)}
    assert [f"{module.relative_to(ROOT)}: {count}" for module, count in lines.items() if count > MAX_MODULE_LINES] == []


def test_the_exceptions_name_files_that_exist() -> None:
    assert [name for name in (*WITHOUT_TESTS, *TESTED_WITH, *TESTED_WITH.values()) if not (ROOT / name).exists()] == []
