"""A frame in each form that viewers get, built when the first viewer needs it and shared by all."""

import time

from framebus.protocol.frame_view import FrameView
from framebus.runtime.host_clock import from_host
from gateway.delivery import mjpeg

FIN_BINARY = 0x82
FIN_TEXT = 0x81
FIN_PING = 0x89
"""First byte of an unfragmented message: binary, text or ping (RFC 6455, section 5.2)."""


class EncodedFrame:
    """A frame of a camera, and what is sent of it."""

    __slots__ = ("_bus_message", "_captured_at", "_jpeg_message", "_mjpeg_part", "frame")

    def __init__(self, frame: FrameView, *, same_host: bool = True) -> None:
        """Keep a frame; `same_host` says whether its camera has the clock of this machine."""
        self.frame = frame
        header = frame.header
        self._captured_at = (
            from_host(header.monotonic) if same_host else time.monotonic() - (time.time() - header.captured)
        )
        self._mjpeg_part = self._jpeg_message = self._bus_message = b""

    @property
    def age(self) -> float:
        """Seconds since the sensor captured the frame, as of now; by its arrival where the camera has another clock."""
        return time.monotonic() - self._captured_at

    @property
    def mjpeg_part(self) -> bytes:
        """A part of an MJPEG stream."""
        if not self._mjpeg_part:
            self._mjpeg_part = mjpeg.part(self.frame.jpeg, self.frame.header.captured)
        return self._mjpeg_part

    @property
    def jpeg_message(self) -> bytes:
        """A websocket message with the bare JPEG."""
        if not self._jpeg_message:
            self._jpeg_message = websocket_message(self.frame.jpeg)
        return self._jpeg_message

    @property
    def bus_message(self) -> bytes:
        """A websocket message for the page: the message as it came from the camera."""
        if not self._bus_message:
            self._bus_message = websocket_message(self.frame.message)
        return self._bus_message


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
