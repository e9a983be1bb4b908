"""What `source` may say."""

import pytest

from framebus.config.load import ConfigError, parse
from framebus.config.source_spec import SourceSpec

ALLOWED = (
    "auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, v4l2:serial=…, v4l2:name=…, "
    "a URL (rtsp://…, http://…), the path of a file, or program (a program of yours publishes it)"
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("auto", SourceSpec("auto")),
        ("testcard", SourceSpec("testcard")),
        ("picamera2", SourceSpec("picamera2")),
        ("picamera2:1", SourceSpec("picamera2", "1")),
        ("v4l2:/dev/video0", SourceSpec("v4l2", "/dev/video0")),
        ("v4l2:/dev/v4l/by-id/usb-046d:0825", SourceSpec("v4l2", "/dev/v4l/by-id/usb-046d:0825")),
        ("v4l2:serial=3F2A1B20", SourceSpec("v4l2", "serial=3F2A1B20")),
        ("v4l2:name=HD Pro Webcam C920", SourceSpec("v4l2", "name=HD Pro Webcam C920")),
        ("rtsp://user:secret@10.0.0.9:554/a?b=c", SourceSpec("media", "rtsp://user:secret@10.0.0.9:554/a?b=c")),
        ("http://10.0.0.9/video.mjpg", SourceSpec("media", "http://10.0.0.9/video.mjpg")),
        ("clip.mp4", SourceSpec("media", "clip.mp4")),
        ("/srv/clips/door", SourceSpec("media", "/srv/clips/door")),
        ("./clip", SourceSpec("media", "./clip")),
    ],
)
def test_a_name_is_read_and_written_alike(text: str, name: SourceSpec) -> None:
    assert SourceSpec.parse(text) == name
    assert str(name) == text


@pytest.mark.parametrize(
    "path",
    [
        "/dev/video0",
        "/dev/v4l/by-id/usb-046d_HD_Pro-video-index0",
        "/dev/v4l/by-path/platform-xhci-hcd.0-usb-0:1:1.0-video-index0",
        "/dev/webcam",
    ],
)
def test_a_device_alone_means_v4l2(path: str) -> None:
    assert SourceSpec.parse(path) == SourceSpec("v4l2", path)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" auto", SourceSpec("auto")),
        ("testcard ", SourceSpec("testcard")),
        ("/dev/video0\n", SourceSpec("v4l2", "/dev/video0")),
        ("rtsp://cam/x ", SourceSpec("media", "rtsp://cam/x")),
        ("RTSP://Cam/X", SourceSpec("media", "rtsp://Cam/X")),
        ("Http://cam/x", SourceSpec("media", "http://cam/x")),
        ("/srv/clips/2026-11-29 12:30:00.mp4", SourceSpec("media", "/srv/clips/2026-11-29 12:30:00.mp4")),
        ("clip 12:30.mp4", SourceSpec("media", "clip 12:30.mp4")),
    ],
)
def test_a_source_is_read_as_people_type_it(text: str, name: SourceSpec) -> None:
    assert SourceSpec.parse(text) == name


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("10.0.0.9/video", 'write source = "http://10.0.0.9/video" or source = "rtsp://10.0.0.9/video"'),
        ("10.0.0.9:8080/video", 'write source = "http://10.0.0.9:8080/video" or'),
        ("10.0.0.9", 'write source = "http://10.0.0.9" or'),
        ("door.local/video", 'write source = "http://door.local/video" or'),
        ("door:8080/video", 'write source = "http://door:8080/video" or'),
        ("admin:geheim@10.0.0.9/video", 'write source = "http://10.0.0.9/video" or'),
        ("http:/10.0.0.9/video", 'write source = "http://10.0.0.9/video"'),
        ("rtsp:10.0.0.9/video", 'write source = "rtsp://10.0.0.9/video"'),
        ("rtsp:/admin:geheim@10.0.0.9/video", 'write source = "rtsp://10.0.0.9/video"'),
        ("rtsp:admin:geheim@10.0.0.9/video", 'write source = "rtsp://10.0.0.9/video"'),
        ("usb", 'write source = "auto" or source = "v4l2:/dev/video0"'),
        ("webcam", 'write source = "auto" or source = "v4l2:/dev/video0"'),
    ],
)
def test_what_is_nearly_a_source_gets_the_line_to_write(text: str, line: str) -> None:
    table = {"camera": {"front": {"source": text}}}
    with pytest.raises(ConfigError) as raised:
        parse(table, None)
    assert line in str(raised.value)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize("text", ["admin:geheim@cam", "rtps:/admin:geheim@cam/x", "geheim@cam", "foo:geheim?x"])
def test_what_may_hold_a_password_is_not_quoted(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse({"camera": {"front": {"source": text}}}, None)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("", ""),
        ("camera", '; did you mean "picamera2"?'),
        ("testcrd", '; did you mean "testcard"?'),
        ("Auto", '; did you mean "auto"?'),
        ("picamera", '; did you mean "picamera2"?'),
        ("picamera2:", '; did you mean "picamera2"?'),
        ("picamera2:one", '; did you mean "picamera2"?'),
        ("picamera2:-1", '; did you mean "picamera2"?'),
        ("picamera2:\N{ARABIC-INDIC DIGIT ONE}", '; did you mean "picamera2"?'),
        ("v4l:/dev/video0", '; did you mean "v4l2:/dev/video0"?'),
        ("v4l2:video0", '; did you mean "v4l2:/dev/video0"?'),
        ("v4l2:serial=", '; did you mean "v4l2:/dev/video0"?'),
        ("v4l2:", '; did you mean "v4l2:/dev/video0"?'),
        ("usb:0", '; for a USB camera write source = "auto" or source = "v4l2:/dev/video0"'),
        ("clip\0.mp4", ""),
        ("/dev/video\0", ""),
    ],
)
def test_what_is_no_camera_is_refused(text: str, suggestion: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the text is compared below)
        SourceSpec.parse(text)
    assert str(caught.value) == ALLOWED + suggestion


def test_a_kind_without_its_device_gets_an_example() -> None:
    with pytest.raises(ValueError, match='; did you mean "v4l2:/dev/video0"?$'.replace("?", r"\?")):
        SourceSpec.parse("v4l2")
