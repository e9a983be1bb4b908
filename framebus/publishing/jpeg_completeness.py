"""Whether a JPEG without an end of image (EOI) is complete. The pixels are decoded, since nothing else tells.

Some cameras leave EOI out of every picture; a picture that was cut off has none either. The decoder reads only as many
bytes as the picture needs. So two decodings, one with bytes of no meaning behind the scan, agree on a complete picture
and differ on one that stops early. This costs two decodings, for pictures without EOI alone. Very large pictures are
decoded at an eighth of the size, which shows the mean of each block and nothing else: part of their last block may be
missing.
"""

import re
from io import BytesIO

from framebus.protocol.jpeg import EOI
from framebus.publishing.jpeg_walker import FRAME_HEADERS, SOS

DRI = 0xDD
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
"""SOF2, SOF6, SOF10 and SOF14 (T.81, table B.1)."""
PROBES = (b"", b"\xaa" * 168)
"""What is put behind the scan: nothing, where a decoder goes on with bits of 0, and bits of 1 and 0 in turn.

No code begins with both 0 and 1, so the first symbol that is missing reads differently, also as the bits of a value.
"""
EIGHTH = 8
MAX_PIXELS = 89_000_000
"""Pictures with more are refused. Pillow warns of decompression bombs from 89 478 485 on."""
MAX_FULL_SIZE_PIXELS = 8_000_000
"""Pictures with more are not decoded at full size: it would take more than 32 MB for the pixels alone."""

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


def is_complete(
    data: bytes, segments: list[tuple[int, int, int]], max_full_size_pixels: int = MAX_FULL_SIZE_PIXELS
) -> bool:
    """Whether a picture that ends within its last scan, EOI left out, is all there.

    Args:
        data: the picture without its EOI.
        segments: those of JpegWalker.
        max_full_size_pixels: of a picture with more, a part of the last block may be missing. A progressive one is
            refused then: decoding it at a reduced size would tell nothing of its last scans.
    """
    pixels, is_progressive = _frame(data, segments)
    is_large = pixels > max_full_size_pixels
    if pixels > MAX_PIXELS or (is_large and is_progressive):
        return False
    if not _all_scans(data, segments) or not _all_restarts(data, segments):
        return False
    decoded = {_decoded(data + probe + EOI, reduced=is_large) for probe in PROBES}
    return len(decoded) == 1 and None not in decoded


def _frame(data: bytes, segments: list[tuple[int, int, int]]) -> tuple[int, bool]:
    """How many pixels the picture has, and whether it is progressive (T.81, B.2.2)."""
    for marker, begin, _ in segments:
        if marker in FRAME_HEADERS:
            height, width = int.from_bytes(data[begin + 5 : begin + 7]), int.from_bytes(data[begin + 7 : begin + 9])
            return width * height, marker in PROGRESSIVE
    return 0, False


def _all_scans(data: bytes, segments: list[tuple[int, int, int]]) -> bool:
    """Whether each component has each of its 64 coefficients to the last bit (T.81, B.2.3 and G.1.1.1)."""
    missing: dict[int, set[int]] = {}
    for marker, begin, end in segments:
        body = data[begin + 4 : end]
        if marker in FRAME_HEADERS and len(body) >= 6:
            missing = {component: set(range(64)) for component in body[6 : 6 + 3 * body[5] : 3]}
        elif marker == SOS and len(body) >= 4:
            first, last, bits = body[-3:]
            for component in body[1 : 1 + 2 * body[0] : 2]:
                if bits & 0x0F == 0:
                    missing.get(component, set()).difference_update(range(first, last + 1))
    return bool(missing) and not any(missing.values())


def _all_restarts(data: bytes, segments: list[tuple[int, int, int]]) -> bool:
    """Whether the last scan has all its restart markers: behind one, a decoder goes on without those that miss."""
    interval, width, height, sampling, scan = 0, 0, 0, {}, 0
    components: list[int] = []
    for marker, begin, end in segments:
        body = data[begin + 4 : end]
        if marker == DRI:
            interval = int.from_bytes(body[:2])
        elif marker in FRAME_HEADERS:
            height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
            sampling = {body[at]: divmod(body[at + 1], 16) for at in range(6, len(body) - 2, 3)}
        elif marker == SOS:
            scan, components = end, list(body[1 : 1 + 2 * body[0] : 2]) if body else []
    if not interval or not components or any(min(sampling.get(component, (0, 0))) < 1 for component in components):
        return not interval
    most = [max(factors) for factors in zip(*sampling.values(), strict=True)]
    own = (1, 1) if len(components) > 1 else sampling[components[0]]
    units = 1
    for pixels, factor, highest in zip((width, height), own, most, strict=True):
        side = 8 * highest if len(components) > 1 else 8
        units *= -(-(pixels if len(components) > 1 else -(-pixels * factor // highest)) // side)
    return len(_RESTART.findall(data, scan)) == -(-units // interval) - 1


def _decoded(picture: bytes, *, reduced: bool) -> bytes | None:
    """A hash of the pixels; None where there are none."""
    import hashlib  # only pictures without EOI pay for these imports

    from PIL import Image

    try:
        with Image.open(BytesIO(picture), formats=["JPEG"]) as image:
            if reduced:
                image.draft(image.mode, (max(1, image.width // EIGHTH), max(1, image.height // EIGHTH)))
            return hashlib.blake2b(image.tobytes()).digest()
    except Exception:  # Pillow raises errors of many types, for damaged EXIF too
        return None
