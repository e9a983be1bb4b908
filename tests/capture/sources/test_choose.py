import logging

import pytest

from capture.source import SourceError
from capture.sources import choose, make_source
from capture.sources.testcard import TestCardSource
from capture.v4l2.device import capture_devices
from framebus.config import CameraConfig, Size
from framebus.source_name import SourceName

AUTO = SourceName("auto")


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The V4L2 cameras of this machine, for a test to say."""
    found: list[str] = []
    monkeypatch.setattr("capture.v4l2.device.capture_devices", lambda also=(): found)
    return found


def test_auto_takes_the_first_v4l2_camera_and_says_why(devices: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    devices += ["/dev/video2", "/dev/video4"]
    assert choose(AUTO) == SourceName("v4l2", "/dev/video2")
    assert caplog.messages == [
        "source auto: chose v4l2:/dev/video2, the first of the V4L2 cameras /dev/video2, /dev/video4"
    ]


def test_auto_takes_the_test_card_where_there_is_no_camera_and_says_why(
    devices: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert devices == []
    assert choose(AUTO) == SourceName("testcard")
    assert caplog.messages == [
        "source auto: chose testcard, because no V4L2 camera is attached (looked at /dev/video*)"
    ]


def test_auto_takes_what_this_machine_has() -> None:
    found = capture_devices()
    assert choose(AUTO) == (SourceName("v4l2", found[0]) if found else SourceName("testcard"))


@pytest.mark.parametrize(
    "name",
    [
        SourceName("testcard"),
        SourceName("picamera2", "1"),
        SourceName("v4l2", "/dev/video0"),
        SourceName("media", "rtsp://camera/stream"),
    ],
)
def test_a_name_is_taken_as_it_is(name: SourceName, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert choose(name) is name
    assert caplog.messages == []


def test_the_test_card_is_made_of_the_configuration() -> None:
    source = make_source("front", CameraConfig(source=SourceName("testcard"), size=Size(64, 48)))
    assert isinstance(source, TestCardSource)
    assert source.name == "testcard"


def test_a_v4l2_camera_is_made_without_being_opened() -> None:
    source = make_source("front", CameraConfig(source=SourceName("v4l2", "/dev/no-such-camera")))
    assert source.name == "v4l2:/dev/no-such-camera"
    source.close()


def test_a_url_or_a_file_is_made_without_being_opened() -> None:
    source = make_source("front", CameraConfig(source=SourceName("media", "/no/such/clip.mp4")))
    assert source.name == "/no/such/clip.mp4"
    source.close()


def test_a_pi_camera_is_refused_for_now() -> None:
    with pytest.raises(SourceError) as raised:
        make_source("front", CameraConfig(source=SourceName("picamera2")))
    assert str(raised.value) == ("this version of framebus has no picamera2 source yet; use v4l2:, a URL, or testcard")
