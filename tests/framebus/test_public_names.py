"""What a program imports: loaded when used, typed, documented with examples that run."""

import inspect
import operator
import os
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import framebus
from framebus.config.load import Config
from framebus.errors import FramebusError
from tests.conftest import Configure, Start
from tests.framebus.test_main import framebus as command
from tests.processes import DEADLINE_SECONDS

ROOT = Path(__file__).parents[2]
CALLABLE = [
    "Subscriber",
    "AsyncSubscriber",
    "StatusSubscriber",
    "AsyncStatusSubscriber",
    "request_snapshot",
    "request_controls",
    "set_controls",
]
EXAMPLES = [
    *CALLABLE,
    "Publisher",
    "AsyncPublisher",
    "newest",
    "newest_async",
    "together",
    "together_async",
    "request_snapshot_async",
    "Subscriber.fileno",
    "Frame.decode",
]
"""The names whose documentation has a program, which runs."""
WITHOUT_OUTPUT = ("request_snapshot", "set_controls")


MARKED = '[camera.marked]\nsource = "program"\n'


def run(*arguments: str | Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=4 * DEADLINE_SECONDS
    )


def test_every_name_is_there_and_is_listed() -> None:
    for name in framebus.__all__:
        assert getattr(framebus, name) is not None
    assert set(framebus.__all__) <= set(dir(framebus))
    with pytest.raises(AttributeError, match=r"\Amodule 'framebus' has no attribute 'Publishers'\Z"):
        _ = framebus.Publishers  # type: ignore[attr-defined]


def test_every_error_is_one_of_framebus() -> None:
    errors = [value for name in framebus.__all__ if inspect.isclass(value := getattr(framebus, name))]
    for error in errors:
        if issubclass(error, Exception):
            assert issubclass(error, FramebusError), error


def test_the_package_alone_loads_nothing() -> None:
    # Without what a measurement of coverage has loaded before.
    loaded = "{'asyncio', 'ssl', 'zmq', 'msgspec', 'tomllib'} & set(sys.modules) - before"
    script = f"import sys; before = set(sys.modules); import framebus; print({loaded})"
    assert run("-c", script, folder=ROOT).stdout == "set()\n"


@pytest.mark.medium
@pytest.mark.parametrize("process", ["capture.server", "snapshot.server"])
def test_processes_without_a_loop_do_not_load_asyncio(process: str) -> None:
    script = f"import sys, {process}; print({{'asyncio', 'ssl'}} & set(sys.modules))"
    assert run("-c", script, folder=ROOT).stdout == "set()\n"


@pytest.mark.medium
def test_a_gateway_does_not_load_pillow_at_its_start() -> None:
    script = "import sys, gateway.process; print({'PIL', 'av', 'numpy'} & set(sys.modules))"
    assert run("-c", script, folder=ROOT).stdout == "set()\n"


def test_the_version_is_the_same_everywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert framebus.__version__ == project["version"]
    assert command(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"framebus {framebus.__version__}\n"


def test_a_frame_is_printed_in_one_short_line() -> None:
    from tests.framebus.golden.make import FRAME

    frame = framebus.Frame(FRAME, bytes(1_000_000))
    assert (
        str(frame)
        == repr(frame)
        == ("<Frame front #42 of epoch 9f86d081884c7d65, 16x8, 1000000 bytes, captured 1767225600.123, missed 0>")
    )


# Documentation


def documentation(name: str) -> str:
    value = operator.attrgetter(name)(framebus)
    return f"{inspect.getdoc(value)}\n{inspect.getdoc(value.__init__) if inspect.isclass(value) else ''}"


@pytest.mark.parametrize("name", [*CALLABLE, "EventSubscriber", "AsyncEventSubscriber"])
def test_every_argument_and_error_is_documented(name: str) -> None:
    text = documentation(name)
    arguments = inspect.signature(getattr(framebus, name)).parameters
    for argument in arguments:
        assert re.search(rf"^    {argument}: ", text, flags=re.M), argument
    for error in ("ConfigError", "ArgumentError", "EndpointError", "ResourceError"):
        assert re.search(rf"^    {error}: ", text, flags=re.M), error


def functions(name: str) -> dict[str, Callable[..., object]]:
    """What a program may call of this name: the function itself, or the constructor and the methods of a class."""
    value = getattr(framebus, name)
    if inspect.isfunction(value):
        return {name: value}
    if not inspect.isclass(value) or issubclass(value, Exception) or name == "Frame":
        return {}
    members: dict[str, object] = {}
    for kind in reversed(value.__mro__):
        if kind.__module__.startswith("framebus."):
            members.update(vars(kind))
    public = {key: member for key, member in members.items() if key == "__init__" or not key.startswith("_")}
    return {f"{name}.{key}": member for key, member in public.items() if inspect.isfunction(member)}


@pytest.mark.parametrize("name", framebus.__all__)
def test_arguments_results_and_errors_of_every_function_are_documented(name: str) -> None:
    for function, value in functions(name).items():
        text = inspect.getdoc(value) or ""
        signature = inspect.signature(value)
        for argument in set(signature.parameters) - {"self"}:
            assert re.search(rf"^    {argument}: ", text, flags=re.M), (function, argument)
        if signature.return_annotation is not None:
            assert re.search(r"^(Returns|Yields):$", text, flags=re.M), function
        assert re.search(r"^Raises:$", text, flags=re.M) or "raises nothing" in text, function


@pytest.mark.parametrize("name", framebus.__all__)
def test_every_name_has_a_docstring(name: str) -> None:
    if name not in ("SubscriberKind", "Value"):
        assert len(inspect.getdoc(getattr(framebus, name)) or "") > 20


def example(name: str) -> str:
    found = re.search(r"::\n\n((?:    .*\n|\n)+)", documentation(name) + "\n")
    assert found, name
    return textwrap.dedent(found[1])


@pytest.fixture
def pipeline(configure: Configure, start: Start) -> Config:
    cameras = ("front", "back", "left", "right")
    config = configure(
        "".join(f'[camera.{name}]\nsource = "testcard"\nsize = "320x240"\n' for name in cameras) + MARKED
    )
    for camera in cameras:
        start("capture", camera, config=config)
    start("snapshot", config=config).wait_for("answers at")
    with framebus.Subscriber("front", config=config.path, timeout=DEADLINE_SECONDS) as subscriber:
        subscriber.receive()
    return config


def test_the_examples_run(pipeline: Config, tmp_path: Path) -> None:
    for name in EXAMPLES:
        code = example(name)
        # An endless loop: end it after one frame.
        code = re.sub(r"^( *)(print\((frame\.|status\.|\[frame).*)$", r"\1\2\n\1break", code, flags=re.M)
        if "async def main" in code and "async for" not in code:
            code = code.replace("break", "")
        file = tmp_path / f"{name}.py"
        file.write_text(code)
        ran = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", file],
            cwd=tmp_path,
            env={**os.environ, "FRAMEBUS_CONFIG": str(pipeline.path)},
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
        )
        told = re.sub(r"(?m)^Executing <.* took .* seconds\n", "", ran.stderr)  # asyncio warns of a busy machine
        assert (ran.returncode, told) == (0, ""), name
        assert bool(ran.stdout) == (name not in WITHOUT_OUTPUT), name
    assert (tmp_path / "front.jpg").read_bytes().startswith(b"\xff\xd8")


# Types

TYPED = """
import asyncio
import select
from collections.abc import Callable

import framebus
from framebus import (
    AsyncEventSubscriber, AsyncPublisher, AsyncStatusSubscriber, AsyncSubscriber, Control, ControlsRequest, EventHeader,
    EventSubscriber, Frame, FrameHeader, Publisher, StatusHeader,
    StatusSubscriber, Subscriber, SubscriberClosed, newest, newest_async, request_controls, request_snapshot,
    request_snapshot_async, set_controls, together, together_async,
)


def width(frame: Frame) -> int:
    header: FrameHeader = frame.header
    if frame.monotonic > frame.published or frame.dropped:
        reveal_type(frame.decode(scale=8, grey=True))
        reveal_type(frame.image())
        frame.decode(3)
    return header.width + frame.width + len(frame.jpeg) + len(frame.source)


def number_of_cats() -> int:
    return 2


def main() -> None:
    with Subscriber("front", kind="peek", timeout=5, max_age=1.0, queue=30) as subscriber:
        select.select([subscriber], [], [])
        for frame in subscriber:
            reveal_type(frame)
            width(frame)
    still: Frame = request_snapshot("front", fresh=True, width=640, settle="10f", orientation="upright")
    controls: list[Control] = request_controls("front", set={"gain": 2.0}, reset=["brightness"])
    request_controls("front", ControlsRequest(reset="all"))
    print(still.age, controls[0].value, set_controls("front", brightness=0.1))
    with Subscriber("front") as front, Subscriber("back") as back:
        for one in newest(front, back, timeout=5):
            width(one)
        for moment in together(front, back, within=0.02):
            reveal_type(moment)
    with Publisher("marked") as marked:
        number: int = marked.publish(still.jpeg, like=still, metadata={"cats": number_of_cats()})
        marked.publish(still.decode(), captured=still.captured)
        marked.publish(5)
        marked.offline("over" if marked.wait_watched(5) or marked.watched else "done")
    for event in EventSubscriber(timeout=5):
        happened: EventHeader = event
        print(happened.phase == "start", happened.box[3] + happened.score)
    for status in StatusSubscriber("front", timeout=5):
        known: StatusHeader = status
        print(known.state, known.reason)


async def watch() -> None:
    async with AsyncStatusSubscriber("front") as subscriber:
        async for status in subscriber:
            print(status.fps)
    async for event in AsyncEventSubscriber("front"):
        print(event.seconds)
    async with AsyncPublisher("marked") as marked:
        reveal_type(await marked.publish(b""))
    reveal_type(await request_snapshot_async("front", width=640))
    await request_snapshot_async("front", widht=640)
    async with AsyncSubscriber("front") as left, AsyncSubscriber("back") as right:
        async for one in newest_async(left, right, timeout=5):
            width(one)
        async for moment in together_async(left, right, within=0.02):
            reveal_type(moment)
    try:
        async for frame in AsyncSubscriber("front"):
            width(frame)
    except (SubscriberClosed, framebus.FramebusError, TimeoutError) as error:
        print(error)


asyncio.run(watch())
request_snapshot("front", widht=640)
Subscriber("front", kind="bogus")
"""


@pytest.mark.medium
def test_a_users_program_is_type_checked(tmp_path: Path) -> None:
    """With `py.typed`, mypy reads the annotations of the package, and finds the mistakes and nothing else."""
    file = tmp_path / "program.py"
    file.write_text(TYPED)
    cache = ROOT / ".mypy_cache" / "users"
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", "program.py"]
    # This working copy, and not one that is installed; and as one that is installed, whose own code is not judged.
    environment = {**os.environ, "MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    lines = [line for line in ran.stdout.splitlines() if "error" in line or "Revealed" in line]
    expected = [
        r'Revealed type is "numpy.ndarray\[.*numpy.unsignedinteger\[.*\]\]\]"',
        r'Revealed type is "(PIL\.Image\.Image|Any)"',  # Pillow has types since 10.3
        r'Argument 1 to "decode" of "Frame" has incompatible type "Literal\[3\]"',
        r'Revealed type is "framebus.protocol.frame.Frame"',
        r'Revealed type is "(builtins\.)?tuple\[framebus.protocol.frame.Frame, ...\]"',
        r'Argument 1 to "publish" of "Publisher" has incompatible type "int"',
        r'Revealed type is "(builtins\.)?int"',
        r'Revealed type is "framebus.protocol.frame.Frame"',
        r'Unexpected keyword argument "widht" for "request_snapshot_async"',
        r'Revealed type is "(builtins\.)?tuple\[framebus.protocol.frame.Frame, ...\]"',
        r'Unexpected keyword argument "widht" for "request_snapshot"',
        r'Argument "kind" to "Subscriber" has incompatible type',
        r"Found 5 errors",
    ]
    assert len(lines) == len(expected), ran.stdout + ran.stderr
    for line, pattern in zip(lines, expected, strict=True):
        assert re.search(pattern, line), line


def test_the_marker_for_type_checkers_is_installed() -> None:
    assert (ROOT / "framebus" / "py.typed").exists()
