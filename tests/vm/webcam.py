"""A USB camera without a bus: answers control requests, and gives its pictures in payloads, as UVC 1.1 has it.

tests.vm.usbip brings both to the kernel.
"""

import logging
import struct
import time
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from tests.vm import uvc
from tests.vm.clip import file_of, pictures

logger = logging.getLogger("webcam")

GET_DESCRIPTOR = (0x80, 6)
STANDARD = 0x60
"""The bits of a request's kind that are 0 in those that every USB device knows."""
TO_HOST = 0x80
PROBE, COMMIT, REQUEST_ERROR = 1, 2, 2
READABLE_AND_WRITABLE = b"\x03"
INVALID_CONTROL = b"\x06"
LOWEST, HIGHEST, DEFAULT = 0, 255, 128
"""Of its controls."""
NAMES = {uvc.BRIGHTNESS: "brightness", uvc.CONTRAST: "contrast"}
END_OF_PICTURE, END_OF_HEADER = 0x02, 0x80
"""Bits of a payload's header; bit 0 toggles with each picture."""
DARK, LIGHT = (81, 90, 240), (210, 16, 146)
"""Y, Cb and Cr by ITU-R BT.601: red, and yellow."""


class Descriptor(IntEnum):
    """Kinds of them (USB 2.0, table 9-5)."""

    DEVICE = 1
    CONFIGURATION = 2
    STRING = 3
    QUALIFIER = 6


class Code(IntEnum):
    """What is asked of a control (UVC 1.1, table A-8)."""

    SET_CUR = 0x01
    GET_CUR = 0x81
    GET_MIN = 0x82
    GET_MAX = 0x83
    GET_RES = 0x84
    GET_LEN = 0x85
    GET_INFO = 0x86
    GET_DEF = 0x87


@dataclass(frozen=True)
class Setup:
    """The eight bytes of a control request."""

    kind: int
    code: int
    value: int
    index: int
    length: int

    @classmethod
    def parse(cls, data: bytes) -> "Setup":
        return cls(*struct.unpack("<BBHHH", data))


class Webcam:
    """One camera of a model, which plays the clips of a folder."""

    def __init__(self, model: uvc.Model, clips: Path) -> None:
        self.stalled = False
        """Whether no picture comes, though all else goes on."""
        self._model = model
        self._clips = {size: pictures(file_of(clips, size)) for size in model.sizes if "MJPG" in model.formats}
        self._probe = self._agreed = uvc.probe_block(model, 1, 1, uvc.INTERVALS[0])
        self._controls = dict.fromkeys(NAMES, DEFAULT)
        self._number = 0
        self._due = 0.0

    def control(self, request: Setup, sent: bytes) -> bytes | None:
        """The answer; None for what a camera does not know."""
        if (request.kind, request.code) == GET_DESCRIPTOR:
            return self._descriptor(request.value >> 8, request.value & 0xFF)
        if request.kind & STANDARD == 0:  # get the status, or set what there is only one of
            return bytes(2) if request.kind & TO_HOST else b""
        selector, entity, interface = request.value >> 8, request.index >> 8, request.index & 0xFF
        match interface, entity:
            case 1, 0 if selector in (PROBE, COMMIT):
                return self._negotiated(request, selector, sent)
            case 0, uvc.PROCESSING_UNIT if selector in NAMES:
                return self._controlled(request, selector, sent)
            case 0, 0 if selector == REQUEST_ERROR and request.code == Code.GET_CUR:
                return INVALID_CONTROL
        return None

    def wait_seconds(self) -> float:
        """How long there is no picture."""
        return max(0.0, self._due - time.monotonic())

    def picture(self) -> list[bytes]:
        """The payloads of the next picture; none before its time. The beat is kept, but nothing is made up for."""
        now = time.monotonic()
        if self.stalled or now < self._due:
            return []
        interval = struct.unpack_from("<I", self._agreed, 4)[0] / 1e7
        self._due = max(self._due + interval, now)
        self._number += 1
        return self._payloads(self._drawn())

    def _descriptor(self, kind: int, number: int) -> bytes | None:
        match kind:
            case Descriptor.DEVICE:
                return uvc.device_descriptor()
            case Descriptor.CONFIGURATION:
                return uvc.configuration_descriptor(self._model)
            case Descriptor.STRING if number == 0:
                return b"\x04\x03\x09\x04"  # the one language: English
            case Descriptor.STRING if number in self._model.strings:
                return uvc.string_descriptor(self._model.strings[number])
            case Descriptor.QUALIFIER:
                return uvc.qualifier_descriptor()
        return None

    def _negotiated(self, request: Setup, selector: int, sent: bytes) -> bytes | None:
        match request.code:
            case Code.SET_CUR:
                self._agree(selector, self._nearest(sent))
                return b""
            case Code.GET_CUR:
                return self._probe if selector == PROBE else self._agreed
            case Code.GET_MIN | Code.GET_MAX | Code.GET_DEF:
                return self._probe
            case Code.GET_LEN:
                return struct.pack("<H", len(self._probe))
            case Code.GET_INFO:
                return READABLE_AND_WRITABLE
        return None

    def _agree(self, selector: int, block: bytes) -> None:
        if selector == PROBE:
            self._probe = block
            return
        self._agreed = block
        self._due = time.monotonic()
        kind, size, interval = self._choice(block)
        logger.info("streams %s %dx%d at %.0f fps", kind, *size, 1e7 / interval)

    def _controlled(self, request: Setup, selector: int, sent: bytes) -> bytes | None:
        match request.code:
            case Code.SET_CUR:
                self._controls[selector] = struct.unpack("<h", sent[:2])[0]
                logger.info("%s %d", NAMES[selector], self._controls[selector])
                return b""
            case Code.GET_LEN:
                return struct.pack("<H", 2)
            case Code.GET_INFO:
                return READABLE_AND_WRITABLE
        values = {
            Code.GET_CUR: self._controls[selector],
            Code.GET_MIN: LOWEST,
            Code.GET_MAX: HIGHEST,
            Code.GET_RES: 1,
            Code.GET_DEF: DEFAULT,
        }
        return struct.pack("<h", values[Code(request.code)]) if request.code in values else None

    def _nearest(self, wanted: bytes) -> bytes:
        kind, size, interval = struct.unpack_from("<BBI", wanted, 2)
        kind = kind if 1 <= kind <= len(self._model.formats) else 1
        size = size if 1 <= size <= len(self._model.sizes) else 1
        nearest = min(uvc.INTERVALS, key=lambda offered: abs(offered - interval))
        return uvc.probe_block(self._model, kind, size, nearest)

    def _choice(self, block: bytes) -> tuple[str, tuple[int, int], int]:
        kind, size, interval = struct.unpack_from("<BBI", block, 2)
        return self._model.formats[kind - 1], self._model.sizes[size - 1], interval

    def _drawn(self) -> bytes:
        kind, size, _ = self._choice(self._agreed)
        if kind == "MJPG":
            clip = self._clips[size]
            return clip[self._number % len(clip)]
        return halves(kind, size)

    def _payloads(self, picture: bytes) -> list[bytes]:
        step = uvc.PAYLOAD_BYTES - 2
        pieces = [picture[at : at + step] for at in range(0, len(picture), step)]
        bits = END_OF_HEADER | self._number & 1
        last = len(pieces) - 1
        return [bytes([2, bits | END_OF_PICTURE * (at == last)]) + piece for at, piece in enumerate(pieces)]


def halves(kind: str, size: tuple[int, int]) -> bytes:
    """A picture without compression whose left half is red, the right one yellow."""
    width, height = size
    (y1, u1, v1), (y2, u2, v2) = DARK, LIGHT
    half = width // 2
    match kind:
        case "YUY2":
            return (bytes([y1, u1, y1, v1]) * (half // 2) + bytes([y2, u2, y2, v2]) * (half // 2)) * height
        case "UYVY":
            return (bytes([u1, y1, v1, y1]) * (half // 2) + bytes([u2, y2, v2, y2]) * (half // 2)) * height
        case "NV12":
            colours = bytes([u1, v1]) * (half // 2) + bytes([u2, v2]) * (half // 2)
            return (bytes([y1]) * half + bytes([y2]) * half) * height + colours * (height // 2)
        case "Y800":
            return (bytes([y1]) * half + bytes([y2]) * half) * height
    return bytes(size[0])  # no picture of a codec is ever looked at
