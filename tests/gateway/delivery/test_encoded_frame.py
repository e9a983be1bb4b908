import time

import pytest

from framebus.protocol.frame_view import view
from framebus.protocol.wire import pack
from framebus.runtime.host_clock import host_monotonic
from gateway.delivery import mjpeg
from gateway.delivery.encoded_frame import EncodedFrame, websocket_message
from tests.gateway.camera import jpeg
from tests.headers import frame_header


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
    encoded = EncodedFrame(view(message))
    assert encoded.mjpeg_part == mjpeg.part(picture, header.captured)
    assert encoded.jpeg_message == websocket_message(picture)
    assert encoded.bus_message == websocket_message(message)
    assert encoded.mjpeg_part is encoded.mjpeg_part
    assert encoded.jpeg_message is encoded.jpeg_message
    assert encoded.bus_message is encoded.bus_message


def test_the_age_goes_by_the_time_of_day_where_the_camera_has_another_clock() -> None:
    header = frame_header("front", monotonic=host_monotonic() - 1_000, captured=time.time() - 100_000)
    frame = view(pack("live", "front", header, jpeg()))
    assert EncodedFrame(frame).age == pytest.approx(1_000, abs=300)
    assert EncodedFrame(frame, same_host=False).age == pytest.approx(100_000, abs=300)
