"""A camera under the test's control: what its capture process would publish, on the endpoint where it would."""

import io
import struct
import time
from typing import Any

import zmq
from PIL import Image

from framebus.config.load import Config
from framebus.protocol.wire import FrameHeader, Kind, State, pack
from framebus.runtime.run_dir import frames_endpoint
from tests.headers import frame_header, status_header


def jpeg(colour: str = "red", size: tuple[int, int] = (64, 48), quality: int = 80) -> bytes:
    """A small complete JPEG."""
    output = io.BytesIO()
    Image.new("RGB", size, colour).save(output, "JPEG", quality=quality)
    return output.getvalue()


def claiming(size: tuple[int, int]) -> bytes:
    """A small JPEG whose frame header claims another size."""
    picture = jpeg(size=(16, 16))
    frame_header_at = picture.index(b"\xff\xc0")
    width, height = size
    return picture[: frame_header_at + 5] + struct.pack(">HH", height, width) + picture[frame_header_at + 9 :]


def padded(picture: bytes, size: int) -> bytes:
    """The same, so many bytes longer."""
    return picture[:-2] + bytes(size) + picture[-2:]


class PublishedCamera:
    """Publishes on a camera's endpoint. Closed by its maker, as capture is by its end."""

    def __init__(self, config: Config, camera: str = "front", endpoint: str | None = None) -> None:
        self.camera = camera
        self.seq = 0
        self.captured = 0.0
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.linger = 0
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self._socket.bind(endpoint or frames_endpoint(config.run_dir, camera))

    def subscription(self, seconds: float = 10) -> bytes:
        """The next subscription message; empty when none comes."""
        return self._socket.recv() if self._socket.poll(int(seconds * 1000)) else b""

    def wait_for_subscription(self, message: bytes) -> None:
        """Wait for one particular subscription message."""
        deadline = time.monotonic() + 10
        while (found := self.subscription()) != message:
            assert found, f"no subscription {message!r}"
            assert time.monotonic() < deadline, f"no subscription {message!r} among others"

    def show(self, picture: bytes, kind: Kind = "live", **changes: Any) -> FrameHeader:
        """Publish a frame; a rendition has the number of the last live frame, if there was one."""
        if kind == "live" or not self.seq:
            self.seq += 1
        header = frame_header(self.camera, self.seq, **changes)
        self.captured = header.captured
        self._socket.send(pack(kind, self.camera, header, picture))
        return header

    def say(self, state: State = "live", reason: str = "", **changes: Any) -> None:
        """Publish a status."""
        known: dict[str, Any] = {
            "seq": self.seq,
            "captured": self.captured or None,
            "monotonic": time.monotonic() if self.captured else None,
            "width": 64,
            "height": 48,
            "fps": 30.0,
            "dropped": 3,
            "bad": 4,
        }
        status = status_header(state, reason, self.camera, **{**known, **changes})
        self._socket.send(pack("status", self.camera, status))

    def send(self, message: bytes) -> None:
        """Publish anything."""
        self._socket.send(message)

    def close(self) -> None:
        """Be gone."""
        self._context.destroy()
