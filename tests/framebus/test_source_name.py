"""What `source` may say."""

import pytest

from framebus.source_name import SourceName

ALLOWED = (
    "auto, testcard, picamera2, picamera2:N, v4l2:/dev/videoN, v4l2:serial=…, v4l2:name=…, "
    "a URL (rtsp://…, http://…), or the path of a file"
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("auto", SourceName("auto")),
        ("testcard", SourceName("testcard")),
        ("picamera2", SourceName("picamera2")),
        ("picamera2:1", SourceName("picamera2", "1")),
        ("v4l2:/dev/video0", SourceName("v4l2", "/dev/video0")),
        ("v4l2:/dev/v4l/by-id/usb-046d:0825", SourceName("v4l2", "/dev/v4l/by-id/usb-046d:0825")),
        ("v4l2:serial=3F2A1B20", SourceName("v4l2", "serial=3F2A1B20")),
        ("v4l2:name=HD Pro Webcam C920", SourceName("v4l2", "name=HD Pro Webcam C920")),
        ("rtsp://user:secret@10.0.0.9:554/a?b=c", SourceName("media", "rtsp://user:secret@10.0.0.9:554/a?b=c")),
        ("http://10.0.0.9/video.mjpg", SourceName("media", "http://10.0.0.9/video.mjpg")),
        ("clip.mp4", SourceName("media", "clip.mp4")),
        ("/srv/clips/door", SourceName("media", "/srv/clips/door")),
        ("./clip", SourceName("media", "./clip")),
    ],
)
def test_a_name_is_read_and_written_alike(text: str, name: SourceName) -> None:
    assert SourceName.parse(text) == name
    assert str(name) == text


def test_a_device_alone_means_v4l2() -> None:
    assert SourceName.parse("/dev/video0") == SourceName("v4l2", "/dev/video0")


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
        SourceName.parse(text)
    assert str(caught.value) == ALLOWED + suggestion


def test_a_kind_without_its_device_gets_an_example() -> None:
    with pytest.raises(ValueError, match='; did you mean "v4l2:/dev/video0"?$'.replace("?", r"\?")):
        SourceName.parse("v4l2")
