"""A frame in each form that viewers get, built when the first viewer needs it and shared by all."""

import time
from functools import cached_property

from framebus.protocol.frame_view import FrameView
from framebus.runtime.host_clock import from_host
from gateway.delivery import mjpeg

FIN_BINARY = 0x82
FIN_TEXT = 0x81
FIN_PING = 0x89
"""First byte of an unfragmented message: binary, text or ping (RFC 6455, section 5.2)."""


class EncodedFrame:
    """A frame of a camera, and what is sent of it."""

    def __init__(self, frame: FrameView, *, same_host: bool = True) -> None:
        """Keep a frame; `same_host` says whether its camera has the clock of this machine."""
        self.frame = frame
        header = frame.header
        self._captured_at = (
            from_host(header.monotonic) if same_host else time.monotonic() - (time.time() - header.captured)
        )

    @property
    def age(self) -> float:
        """Seconds since the sensor captured the frame, as of now; by its arrival where the camera has another clock."""
        return time.monotonic() - self._captured_at

    @cached_property
    def mjpeg_part(self) -> bytes:
        """A part of an MJPEG stream."""
        return mjpeg.part(self.frame.jpeg, self.frame.header.captured)

    @cached_property
    def jpeg_message(self) -> bytes:
        """A websocket message with the bare JPEG."""
        return websocket_message(self.frame.jpeg)

    @cached_property
    def bus_message(self) -> bytes:
        """A websocket message for the page: the message as it came from the camera."""
        return websocket_message(self.frame.message)


def websocket_message(payload: bytes | memoryview, first: int = FIN_BINARY) -> bytes:
    """Frame a message as a server sends it: unmasked and unfragmented (RFC 6455, section 5.2)."""
    length = len(payload)
    if length < 126:
        head = bytes((first, length))
    elif length < 1 << 16:
        head = bytes((first, 126)) + length.to_bytes(2)
    else:
        head = bytes((first, 127)) + length.to_bytes(8)
    return b"".join((head, payload))
