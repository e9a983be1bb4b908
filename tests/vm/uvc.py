"""What a USB Video Class camera says of itself: the bytes of its descriptors, from its model.

Numbers and layouts are those of the "USB Device Class Definition for Video Devices" 1.1 and, for the formats, its
payload papers; chapter 9 of USB 2.0 has the rest. tests.vm.webcam answers the requests.
"""

import struct
from dataclasses import dataclass

VIDEO_CLASS = 0x0E
ENDPOINT = 0x81
"""The one at which pictures come out, in bulk."""
BULK_PACKET_BYTES = 512
PAYLOAD_BYTES = 16384
"""A header of two bytes and a piece of a picture."""
INTERVALS = (333333, 666667, 1000000)
"""Between two pictures, in units of 100 ns: 30, 15 and 10 a second."""
CLOCK_HZ = 6_000_000
CAMERA_TERMINAL, PROCESSING_UNIT, STREAMING_TERMINAL = 1, 2, 3
BRIGHTNESS, CONTRAST = 2, 3
"""Selectors of controls in the processing unit."""
CONTROLS = bytes([0b11, 0, 0])
"""The bits of bmControls for these two."""

GUID_TAIL = bytes.fromhex("0000 1000 8000 00aa00389b71")
"""Follows the four letters in the GUID of a format."""
BITS_PER_PIXEL = {"YUY2": 16, "UYVY": 16, "NV12": 12, "Y800": 8}
"""The formats without compression, by the four letters of their GUID."""


@dataclass(frozen=True)
class Model:
    """How the camera is. `formats` are MJPG, H264, or one of BITS_PER_PIXEL, each in all `sizes`."""

    serial: str = "SOFT0001"
    product: str = "Soft UVC Camera"
    formats: tuple[str, ...] = ("MJPG", "YUY2")
    sizes: tuple[tuple[int, int], ...] = ((1280, 720), (640, 480))

    @property
    def strings(self) -> dict[int, str]:
        """The texts that the device descriptor refers to."""
        return {1: "framebus tests", 2: self.product, 3: self.serial}


def picture_bytes(kind: str, size: tuple[int, int]) -> int:
    """The most that a picture of this format has."""
    return size[0] * size[1] * BITS_PER_PIXEL.get(kind, 16) // 8


def device_descriptor() -> bytes:
    """A device of several interfaces that belong together, made by the Linux Foundation as there is no real maker."""
    usb, vendor, product, version = 0x0200, 0x1D6B, 0x0102, 0x0100
    return struct.pack("<BBHBBBBHHHBBBB", 18, 1, usb, 0xEF, 2, 1, 64, vendor, product, version, 1, 2, 3, 1)


def qualifier_descriptor() -> bytes:
    """The same for the other speed."""
    return struct.pack("<BBHBBBBBB", 10, 6, 0x0200, 0xEF, 2, 1, 64, 1, 0)


def string_descriptor(text: str) -> bytes:
    """A text of the camera's."""
    encoded = text.encode("utf-16-le")
    return bytes([len(encoded) + 2, 3]) + encoded


def configuration_descriptor(model: Model) -> bytes:
    """The control interface, the streaming interface, and all that belongs to them."""
    association = bytes([8, 0x0B, 0, 2, VIDEO_CLASS, 3, 0, 2])
    control = bytes([9, 4, 0, 0, 0, VIDEO_CLASS, 1, 0, 2]) + _control_interface()
    streaming = bytes([9, 4, 1, 0, 1, VIDEO_CLASS, 2, 0, 0]) + _streaming_interface(model)
    endpoint = struct.pack("<BBBBHB", 7, 5, ENDPOINT, 2, BULK_PACKET_BYTES, 0)
    rest = association + control + streaming + endpoint
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(rest), 2, 1, 0, 0x80, 50) + rest


def probe_block(model: Model, kind: int, size: int, interval: int) -> bytes:
    """The 34 bytes in which format and size, counted from 1, and the interval are agreed on."""
    picture = picture_bytes(model.formats[kind - 1], model.sizes[size - 1])
    rates = (0, 0, 0, 0, 0)
    return struct.pack("<HBBI5HIIIBBBB", 1, kind, size, interval, *rates, picture, PAYLOAD_BYTES, CLOCK_HZ, 3, 0, 0, 0)


def _control_interface() -> bytes:
    camera = _described(2, struct.pack("<BHBBHHHB3s", CAMERA_TERMINAL, 0x0201, 0, 0, 0, 0, 0, 3, bytes(3)))
    processing = _described(5, struct.pack("<BBHB3sBB", PROCESSING_UNIT, CAMERA_TERMINAL, 0, 3, CONTROLS, 0, 0))
    output = _described(3, struct.pack("<BHBBB", STREAMING_TERMINAL, 0x0101, 0, PROCESSING_UNIT, 0))
    units = camera + processing + output
    return _described(1, struct.pack("<HHIBB", 0x0110, 13 + len(units), CLOCK_HZ, 1, 1)) + units


def _streaming_interface(model: Model) -> bytes:
    formats = b"".join(_format(model, number) for number in range(1, len(model.formats) + 1))
    count = len(model.formats)
    total = 13 + count + len(formats)
    header = struct.pack("<BHBBBBBBB", count, total, ENDPOINT, 0, STREAMING_TERMINAL, 0, 0, 0, 1) + bytes(count)
    return _described(1, header) + formats


def _format(model: Model, number: int) -> bytes:
    kind = model.formats[number - 1]
    guid, count, colours = kind.encode() + GUID_TAIL, len(model.sizes), _described(0x0D, bytes([1, 1, 4]))
    match kind:
        case "MJPG":
            head, frame_type = _described(6, bytes([number, count, 1, 1, 0, 0, 0, 0])), 7
        case "H264":
            head, frame_type = _described(0x10, bytes([number, count, *guid, 16, 1, 0, 0, 0, 0, 1])), 0x11
        case _:
            head, frame_type = _described(4, bytes([number, count, *guid, BITS_PER_PIXEL[kind], 1, 0, 0, 0, 0])), 5
    return head + b"".join(_size(model, kind, index, frame_type) for index in range(1, count + 1)) + colours


def _size(model: Model, kind: str, index: int, frame_type: int) -> bytes:
    size = model.sizes[index - 1]
    most = picture_bytes(kind, size)
    slowest, fastest = most * 8 * 10, most * 8 * 30
    intervals = struct.pack(f"<{len(INTERVALS)}I", *INTERVALS)
    head = struct.pack("<BBHHII", index, 0, *size, slowest, fastest)
    if frame_type == 0x11:  # has the bytes of a line instead of those of a picture, and behind the intervals' number
        return _described(frame_type, head + struct.pack("<IBI", INTERVALS[0], len(INTERVALS), 0) + intervals)
    return _described(frame_type, head + struct.pack("<IIB", most, INTERVALS[0], len(INTERVALS)) + intervals)


def _described(subtype: int, body: bytes) -> bytes:
    """A descriptor of an interface of the class."""
    return bytes([len(body) + 3, 0x24, subtype]) + body
