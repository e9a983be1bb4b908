import pytest

from framebus.frame import Frame
from framebus.wire import pack
from gateway import mjpeg
from gateway.shot import Shot, websocket_message
from tests.gateway.camera import frame_header, jpeg


@pytest.mark.parametrize(
    ("length", "head"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65535, b"\x82\x7e\xff\xff"),
        (65536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_websocket_messages_are_framed_as_rfc_6455_says(length: int, head: bytes) -> None:
    assert websocket_message(b"x" * length) == head + b"x" * length


def test_every_form_is_built_once() -> None:
    picture = jpeg()
    header = frame_header("front", 7)
    message = pack("live", "front", header, picture)
    shot = Shot(Frame(header, picture), message)
    assert shot.part == mjpeg.part(picture, header.captured)
    assert shot.jpeg_message == websocket_message(picture)
    assert shot.bus_message == websocket_message(message)
    assert shot.part is shot.part
    assert shot.jpeg_message is shot.jpeg_message
    assert shot.bus_message is shot.bus_message
