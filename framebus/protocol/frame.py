"""A frame as a subscriber gets it: the bytes of the JPEG and its header."""

import time
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from framebus.protocol import pixels
from framebus.protocol.wire import FrameHeader, pack, topic
from framebus.runtime.host_clock import host_monotonic

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import PIL.Image


class Frame(msgspec.Struct, frozen=True):
    """One picture of one camera. It owns its bytes and may be kept, pickled, and shared between threads.

    Attributes:
        header: The header of the wire format.
        jpeg: The complete JPEG, from FF D8 to FF D9.
        missed: Published frames between the last one handed over and this one.
        same_host: Whether the camera's CLOCK_MONOTONIC is that of this machine.
        header_json: The header as it came, one line of JSON, with keys of later versions; empty where the frame came
            otherwise.
    """

    header: FrameHeader
    jpeg: bytes
    missed: int = 0
    same_host: bool = True
    header_json: bytes = b""

    @property
    def message(self) -> bytes:
        """The frame as a message of the wire format, with its header as it came."""
        if not self.header_json:
            return pack("live", self.camera, self.header, self.jpeg)
        return b"\n".join((topic("live", self.camera).rstrip(b"\n"), self.header_json, self.jpeg))

    @property
    def camera(self) -> str:
        """The camera's name."""
        return self.header.camera

    @property
    def seq(self) -> int:
        """Number of the frame in its epoch, from 1; rises by one per published frame."""
        return self.header.seq

    @property
    def epoch(self) -> str:
        """Identifies the run of the capture process that published this frame."""
        return self.header.epoch

    @property
    def captured(self) -> float:
        """When the sensor captured the frame, in Unix seconds."""
        return self.header.captured

    @property
    def monotonic(self) -> float:
        """When the sensor captured the frame, in seconds of CLOCK_MONOTONIC of the camera's machine."""
        return self.header.monotonic

    @property
    def published(self) -> float:
        """When the frame was published, in seconds of the same clock."""
        return self.header.published

    @property
    def dropped(self) -> int:
        """Frames of the camera that were lost before they reached framebus, so far in this epoch."""
        return self.header.dropped

    @property
    def source(self) -> str:
        """The camera in use, as framebus.toml would name it."""
        return self.header.source

    @property
    def age(self) -> float:
        """Seconds since the sensor captured the frame, as of now.

        On the camera's own host it uses the monotonic clock. From another host it uses both wall clocks, and is as
        accurate as they agree.
        """
        if self.same_host:
            return host_monotonic() - self.header.monotonic
        return time.time() - self.header.captured

    @property
    def width(self) -> int:
        """Pixels, before the orientation is applied."""
        return self.header.width

    @property
    def height(self) -> int:
        """Pixels, before the orientation is applied."""
        return self.header.height

    @property
    def orientation(self) -> int:
        """EXIF orientation, 1 to 8."""
        return self.header.orientation

    @property
    def metadata(self) -> dict[str, Any]:
        """What the camera reports for the frame, such as `exposure_time`; empty where it reports nothing."""
        metadata = self.header.camera_metadata
        return {} if isinstance(metadata, msgspec.UnsetType) else metadata

    def decode(self, scale: Literal[1, 2, 4, 8] = 1, grey: bool = False) -> "numpy.typing.NDArray[numpy.uint8]":
        """The pixels, as OpenCV takes them. It needs numpy and Pillow.

        ::

            from framebus import Subscriber

            for frame in Subscriber("front", timeout=10):
                picture = frame.decode(scale=4)
                print(frame.seq, picture.shape, picture.mean())

        A smaller scale decodes less of the JPEG: 1/8 in grey takes about a fifth of the time of all pixels.

        Args:
            scale: 2, 4 and 8 give so much less of the width and height, rounded up.
            grey: Brightness only.

        Returns:
            An array of its own, height x width x 3 in the order blue, green, red; height x width where `grey`. The
            pixels are those of the JPEG: `orientation` is not applied.

        Raises:
            ArgumentError: The scale is not allowed.
            MissingPackageError: numpy or Pillow is not installed; the text says what to run. It is an ImportError, too.
            DecodeError: The JPEG is damaged. It is a ValueError, too.
        """
        return pixels.array(self.jpeg, f"frame {self.seq} of camera {self.camera}", scale, grey=grey)

    def image(self, scale: Literal[1, 2, 4, 8] = 1, grey: bool = False) -> "PIL.Image.Image":
        """The picture, decoded, for Pillow.

        Args:
            scale: 2, 4 and 8 give so much less of the width and height, rounded up.
            grey: Brightness only.

        Returns:
            An image in mode RGB; L where `grey`. `orientation` is not applied.

        Raises:
            ArgumentError: The scale is not allowed.
            MissingPackageError: Pillow is not installed; the text says what to run. It is an ImportError, too.
            DecodeError: The JPEG is damaged. It is a ValueError, too.
        """
        return pixels.image(self.jpeg, f"frame {self.seq} of camera {self.camera}", scale, grey=grey)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same picture; `header_json` does not count, as `header` is read from it."""
        return isinstance(other, Frame) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[FrameHeader, bytes, int, bool]:
        return self.header, self.jpeg, self.missed, self.same_host

    def __repr__(self) -> str:
        """Short: without the bytes of the JPEG."""
        return (
            f"<Frame {self.camera} #{self.seq} of epoch {self.epoch}, {self.width}x{self.height}, "
            f"{len(self.jpeg)} bytes, captured {self.captured:.3f}, missed {self.missed}>"
        )
