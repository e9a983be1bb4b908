"""Whether a JPEG without an end of image (EOI) is complete. The pixels are decoded, since nothing else tells.

Some cameras leave EOI out of every picture; a picture that was cut off has none either. The decoder reads only as many
bytes as the picture needs. So two decodings, one with bytes of no meaning behind the scan, agree on a complete picture
and differ on one that stops early. This costs two decodings at an eighth of the size, for pictures without EOI alone.
"""

import re
from io import BytesIO

from capture.jpeg_walker import FRAME_HEADERS, SOS
from framebus.protocol.jpeg import EOI

DRI = 0xDD
PROBES = (b"", bytes(range(1, 251, 3)) * 2)
"""What is put behind the scan. Neither holds FF: every byte is entropy-coded data."""

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


def is_complete(data: bytes, segments: list[tuple[int, int, int]]) -> bool:
    """Whether a picture that ends within its last scan, EOI left out, is all there. `segments` are JpegWalker's."""
    if not _all_scans(data, segments) or not _all_restarts(data, segments):
        return False
    decoded = {_decoded(data + probe + EOI) for probe in PROBES}
    return len(decoded) == 1 and None not in decoded


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


def _decoded(picture: bytes) -> bytes | None:
    from PIL import Image  # only pictures without EOI pay for this import

    try:
        with Image.open(BytesIO(picture), formats=["JPEG"]) as image:
            if not image.info.get("progressive"):
                image.draft(image.mode, (max(1, image.width // 8), max(1, image.height // 8)))
            return image.tobytes()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
