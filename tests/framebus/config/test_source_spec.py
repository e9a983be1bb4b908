"""What `source` may say."""

import pytest

from framebus.config.source_spec import SourceSpec

ALLOWED = (
    "auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, v4l2:serial=…, v4l2:name=…, "
    "a URL (rtsp://…, http://…), or the path of a file"
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


def test_a_device_alone_means_v4l2() -> None:
    assert SourceSpec.parse("/dev/video0") == SourceSpec("v4l2", "/dev/video0")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("", ""),
        ("camera", '; did you mean "picamera2"?'),
        ("webcam", ""),
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
        ("usb:0", ""),
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
