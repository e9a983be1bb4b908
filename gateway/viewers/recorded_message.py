"""A recorded frame as a message for a page, made smaller where the link needs it. Slow where it is made smaller."""

import io
from typing import Any

import msgspec

from framebus.protocol.reduced_jpeg import DIVISORS, decode_reduced
from framebus.protocol.wire import FrameHeader, RecordedHeader, WireError, decode, topic
from framebus.publishing.jpeg import Jpeg
from framebus.recordings.folder import RecordedFrame
from framebus.recordings.segment_beginning import SegmentError
from framebus.runtime.save_jpeg import save_jpeg

ENOUGH_SECONDS = 0.1
"""A frame that the link carries within this time is sent as it is: to make it smaller would take as long."""
MOST_SECONDS = 0.25
"""A frame that takes longer is made smaller than the page asks for."""
UNKNOWN_BYTES = 175_000
"""A larger frame is made smaller while the link is not known."""
MAX_PIXELS = 64_000_000
"""A picture with more is sent as it is: a damaged file may claim any size."""
QUALITY = 75
"""Of a smaller JPEG."""


def divisor_for(header: FrameHeader, size: int, width: float | None, bytes_a_second: float | None) -> int:
    """By how much width and height of a frame are divided: 1, 2, 4 or 8.

    Args:
        header: of the frame.
        size: of its JPEG, in bytes.
        width: pixels of the screen that it covers; None where it is to stay as it is.
        bytes_a_second: what the link carries; None before that is known.
    """
    if width is None or header.width * header.height > MAX_PIXELS:
        return 1
    if bytes_a_second is None:
        if size <= UNKNOWN_BYTES:
            return 1
        seconds = ENOUGH_SECONDS
    else:
        seconds = size / bytes_a_second
        if seconds <= ENOUGH_SECONDS:
            return 1
    suits = next((divisor for divisor in DIVISORS if header.width / divisor >= width), 1)
    fits = next((divisor for divisor in (1, *reversed(DIVISORS)) if seconds / divisor**2 <= MOST_SECONDS), DIVISORS[0])
    return max(suits, fits)


def recorded_message(frame: RecordedFrame, camera: str, id: int, divisor: int = 1) -> bytes:
    """Make the message.

    Args:
        frame: the frame.
        camera: whose recordings they are; a file that was copied there may name another one.
        id: of the request that it answers.
        divisor: of width and height.

    Raises:
        SegmentError: the frame is damaged.
    """
    header = _stored(frame)
    jpeg = frame.jpeg
    if divisor > 1:
        jpeg, header["width"], header["height"] = _reduced(frame, divisor)
    line = msgspec.json.encode({**header, "camera": camera, "at": frame.at, "id": id})
    try:
        decode(line, RecordedHeader)
    except WireError as error:
        raise SegmentError(f"{frame.segment.path.name}: the frame at {frame.at:.3f} is damaged: {error}") from None
    return b"".join((topic("recorded", camera), line, b"\n", jpeg))


def _stored(frame: RecordedFrame) -> dict[str, Any]:
    """The header as it is stored, with the keys of later versions; encoded again where that is damaged or missing."""
    if frame.header_json:
        try:
            decode(frame.header_json, FrameHeader)
            stored: dict[str, Any] = msgspec.json.decode(frame.header_json)
            return stored
        except (WireError, msgspec.DecodeError):
            pass
    try:
        made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(frame.header))
    except (msgspec.MsgspecError, OverflowError) as error:
        raise SegmentError(f"{frame.segment.path.name}: the frame at {frame.at:.3f} is damaged: {error}") from None
    return made


def _reduced(frame: RecordedFrame, divisor: int) -> tuple[bytes, int, int]:
    """The JPEG at a fraction of its size, with its width and height; as it is where it cannot be made smaller."""
    from PIL import Image  # imported late: takes 3 MB that only slow links need

    try:
        picture = Image.open(io.BytesIO(frame.jpeg), formats=("JPEG",))
        if picture.width * picture.height > MAX_PIXELS:
            raise ValueError(f"{picture.width}x{picture.height} pixels")
        least = max(1, picture.width // divisor), max(1, picture.height // divisor)
        image = decode_reduced(picture, least).image
        if image.mode not in ("L", "RGB"):
            image = image.convert("RGB")
        image.info = {}
        jpeg = save_jpeg(image, quality=QUALITY)
        if frame.header.orientation != 1:
            jpeg = Jpeg.parse(jpeg).with_orientation(frame.header.orientation).data
        return jpeg, image.width, image.height
    except Exception:  # Pillow raises exceptions of many types for a damaged JPEG
        return frame.jpeg, frame.header.width, frame.header.height
