"""What `auto` chooses, and what it changes to."""

import logging
from collections.abc import Iterator

import pytest

from capture.rate_control import RateControl
from capture.source import Source, SourceError
from capture.sources import make_source
from capture.sources.auto import AttachedCameras, AutoSource, choose
from capture.sources.picamera2 import Picamera2Source
from capture.sources.testcard import TestCardSource
from capture.sources.v4l2 import V4l2Source
from framebus.config.camera import CameraConfig
from framebus.config.size import Size
from framebus.config.source_spec import SourceSpec
from framebus.protocol.controls import Control
from tests.capture.fake_source import ScriptedSource
from tests.capture.jpegs import jpeg

NO_PI = "picamera2 is not installed"


class Machine(AttachedCameras):
    """The cameras of this machine, for a test to say."""

    def __init__(self) -> None:
        self.pi: tuple[int | None, str] = (None, NO_PI)
        self.devices: list[str] = []
        self.unreadable: list[str] = []

    def first_pi_camera(self) -> tuple[int | None, str]:
        return self.pi

    def capture_devices(self) -> list[str]:
        return self.devices

    def video_nodes(self) -> dict[str, int]:
        return dict.fromkeys(self.unreadable, 1) | dict.fromkeys(self.devices, 2)


@pytest.fixture
def machine() -> Machine:
    return Machine()


class Scripted(ScriptedSource):
    """A camera that tells which it is."""

    def __init__(self, name: SourceSpec) -> None:
        super().__init__(endless=jpeg((16, 16)))
        self.dropped, self.damaged, self.orientation = 3, 2, 6
        self._name = name

    @property
    def name(self) -> str:
        return str(self._name)

    def controls(self) -> list[Control]:
        return [Control(name="brightness", type="int")]


@pytest.fixture
def source(machine: Machine) -> Iterator[AutoSource]:
    made = AutoSource(Scripted, machine, look_seconds=0)
    yield made
    made.close()


def test_a_pi_camera_comes_first(machine: Machine) -> None:
    machine.pi, machine.devices = (1, "the Pi camera imx708 is attached"), ["/dev/video0"]
    assert choose(machine) == (SourceSpec("picamera2", "1"), "the Pi camera imx708 is attached")


def test_then_a_v4l2_camera(machine: Machine) -> None:
    machine.devices = ["/dev/video2", "/dev/video4"]
    why = f"{NO_PI}, and it is the first of the V4L2 cameras /dev/video2, /dev/video4"
    assert choose(machine) == (SourceSpec("v4l2", "/dev/video2"), why)


def test_then_the_test_card(machine: Machine) -> None:
    assert choose(machine) == (SourceSpec("testcard"), f"{NO_PI}, and no V4L2 camera (looked at /dev/video*)")


def test_the_choice_is_said_once_with_the_reason(
    source: AutoSource, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    machine.devices = ["/dev/video2"]
    assert source.name == "auto"
    for _ in range(3):
        source.open()
        source.close()
    assert source.name == "v4l2:/dev/video2"
    assert caplog.messages == [
        f"source auto: chose v4l2:/dev/video2, because {NO_PI}, and it is the first of the V4L2 cameras /dev/video2"
    ]


def test_it_is_what_was_chosen(source: AutoSource, machine: Machine) -> None:
    machine.devices = ["/dev/video0"]
    source.open()
    picture = source.read(RateControl(100), 1)
    assert picture is not None
    assert picture.jpeg == jpeg((16, 16))
    assert (source.dropped, source.damaged, source.orientation) == (3, 2, 6)
    assert source.controls() == [Control(name="brightness", type="int")]


def test_a_camera_that_is_plugged_in_takes_the_place_of_the_test_card(source: AutoSource, machine: Machine) -> None:
    source.open()
    assert source.name == "testcard"
    source.read(RateControl(100), 1)
    machine.devices = ["/dev/video0"]
    with pytest.raises(SourceError, match=r"^a camera was plugged in: changing to it$"):
        source.read(RateControl(100), 2)
    source.close()
    source.open()
    assert source.name == "v4l2:/dev/video0"


def test_a_node_that_udev_lets_us_open_a_moment_after_it_came_is_looked_at_again(
    source: AutoSource, machine: Machine
) -> None:
    source.open()
    machine.unreadable = ["/dev/video0"]
    source.read(RateControl(100), 1)
    source.read(RateControl(100), 2)
    machine.unreadable, machine.devices = [], ["/dev/video0"]
    with pytest.raises(SourceError):
        source.read(RateControl(100), 3)


def test_what_was_lost_before_a_change_is_not_forgotten(source: AutoSource, machine: Machine) -> None:
    source.open()
    source.read(RateControl(100), 1)
    source.close()
    machine.devices = ["/dev/video0"]
    source.open()
    source.read(RateControl(100), 2)
    assert (source.dropped, source.damaged) == (6, 4)


def test_a_camera_that_is_unplugged_is_waited_for(source: AutoSource, machine: Machine) -> None:
    machine.devices = ["/dev/video0"]
    source.open()
    source.close()
    machine.devices = []
    with pytest.raises(SourceError, match=r"^the camera was unplugged; plug one in$"):
        source.open()
    machine.devices = ["/dev/video1"]
    source.open()
    assert source.name == "v4l2:/dev/video1"


def test_this_machine_has_something() -> None:
    assert choose()[0].kind in ("picamera2", "v4l2", "testcard")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (SourceSpec("auto"), AutoSource),
        (SourceSpec("testcard"), TestCardSource),
        (SourceSpec("v4l2", "/dev/no-such-camera"), V4l2Source),
        (SourceSpec("picamera2", "1"), Picamera2Source),
    ],
)
def test_a_source_is_made_without_being_opened(name: SourceSpec, kind: type[Source]) -> None:
    source = make_source("front", CameraConfig(source=name, size=Size(64, 48)))
    assert isinstance(source, kind)
    source.close()


def test_a_url_or_a_file_is_made_without_being_opened() -> None:
    source = make_source("front", CameraConfig(source=SourceSpec("media", "/no/such/clip.mp4")))
    assert source.name == "/no/such/clip.mp4"
    source.close()


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        (CameraConfig(source=SourceSpec("testcard"), orientation=6), 6),
        (CameraConfig(source=SourceSpec("testcard"), orientation=6, hflip=True), 5),
        (CameraConfig(source=SourceSpec("picamera2"), orientation=3), 1),
        (CameraConfig(source=SourceSpec("picamera2"), orientation=8), 8),
    ],
)
def test_which_way_up_is_left_to_the_viewer_where_the_camera_cannot_turn(settings: CameraConfig, left: int) -> None:
    assert make_source("front", settings).orientation == left


class Telling(Scripted):
    """Says more of itself."""

    waiting_limit_seconds = 77.0
    call_limit_seconds = 99.0
    tells = False

    @property
    def waiting(self) -> str:
        return "waiting for a key frame"

    @property
    def flaw(self) -> str:
        return "each is damaged"

    def changed(self) -> bool:
        return self.tells


def test_what_the_chosen_source_says_of_itself_is_passed_on(machine: Machine) -> None:
    made: list[Telling] = []

    def make(name: SourceSpec) -> Telling:
        made.append(Telling(name))
        return made[-1]

    machine.devices = ["/dev/video0"]
    source = AutoSource(make, machine)
    assert (source.waiting, source.flaw, source.changed()) == ("", "", True)  # it has not looked before
    assert not source.changed()
    source.open()
    assert (source.waiting, source.flaw, source.changed()) == ("waiting for a key frame", "each is damaged", False)
    assert (source.waiting_limit_seconds, source.call_limit_seconds) == (77, 99)
    made[-1].tells = True
    assert source.changed()
    made[-1].tells = False
    machine.devices = ["/dev/video0", "/dev/video2"]
    assert source.changed()
    assert not source.changed()
    source.close()
