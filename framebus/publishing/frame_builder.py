"""A picture of a source made a message: its JPEG checked and completed, its header written. Pure."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from framebus.protocol.wire import MAX_MESSAGE_BYTES, VERSION, FrameHeader, Kind, pack, retopic
from framebus.publishing.jpeg import JpegError
from framebus.publishing.known_head import KnownHead
from framebus.publishing.picture import Picture
from framebus.publishing.repairs import Repairs
from framebus.runtime.host_clock import host_monotonic, to_host

if TYPE_CHECKING:
    from PIL import Image

MAX_JPEG_BYTES = MAX_MESSAGE_BYTES - 64 * 1024
"""Leaves room for the header."""
MICRO = 1e6
"""Times are rounded to microseconds by this: round() with a number of digits writes the number and reads it again."""


class Published(msgspec.Struct, frozen=True):
    """A frame as it goes out."""

    header: FrameHeader
    message: bytes
    kind: Kind = "live"
    scaled: "Callable[[int], Image.Image] | None" = None
    """As in Picture."""

    @property
    def jpeg(self) -> bytes:
        """The body of the message."""
        return self.message.split(b"\n", 2)[2]

    def without_pixels(self) -> "Published":
        """The same frame, to be kept for longer: the pixels that the JPEG was made from take much more memory."""
        return self if self.scaled is None else msgspec.structs.replace(self, scaled=None)

    def as_full(self) -> "Published":
        """The same frame for the subscribers of full/."""
        return Published(self.header, retopic(self.message, "full", self.header.camera), "full")


class FrameBuilder:
    """Makes the frames of one camera."""

    def __init__(
        self, camera: str, epoch: str, max_jpeg_bytes: int = MAX_JPEG_BYTES, max_megapixels: float | None = None
    ) -> None:
        """Begin with nothing made.

        Args:
            camera: its name in the configuration.
            epoch: the id of this run of capture.
            max_jpeg_bytes: larger pictures are refused; MAX_JPEG_BYTES at most.
            max_megapixels: pictures with more pixels are refused; None for no limit.
        """
        self._camera = camera
        self._epoch = epoch
        self._max_jpeg_bytes = max_jpeg_bytes
        self._known_head = KnownHead(max_megapixels)
        self._repairs = Repairs()

    def build(
        self, picture: Picture, seq: int, *, source: str, orientation: int, dropped: int, kind: Kind
    ) -> Published:
        """Make a frame.

        Args:
            picture: what the source gave.
            seq: the number of the frame.
            source: the name of the source.
            orientation: the EXIF orientation to write, 1 to 8; 1 leaves the picture's own.
            dropped: frames that the camera has lost so far.
            kind: live or full.

        Returns:
            The frame, ready to be sent.

        Raises:
            JpegError: the picture is too large or no complete JPEG.
        """
        if len(picture.jpeg) > self._max_jpeg_bytes:
            raise JpegError(f"{len(picture.jpeg)} bytes, allowed: at most {self._max_jpeg_bytes}")
        jpeg = self._known_head.parse(picture.jpeg)
        if jpeg.repairs:
            self._repairs.note(source, jpeg.repairs)
        if not jpeg.has_huffman_tables:
            jpeg = jpeg.with_huffman_tables()
        if orientation != 1:
            jpeg = jpeg.with_orientation(orientation)
        header = FrameHeader(
            v=VERSION,
            camera=self._camera,
            seq=seq,
            epoch=self._epoch,
            captured=round(picture.captured * MICRO) / MICRO,
            monotonic=round(to_host(picture.monotonic) * MICRO) / MICRO,
            published=round(host_monotonic() * MICRO) / MICRO,
            width=jpeg.width,
            height=jpeg.height,
            orientation=jpeg.orientation,
            source=source,
            dropped=dropped,
            camera_metadata=picture.metadata or msgspec.UNSET,
        )
        return Published(header, pack(kind, self._camera, header, jpeg.data), kind, picture.scaled)
