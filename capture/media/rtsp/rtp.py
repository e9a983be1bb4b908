"""Assembles pictures from RTP packets of H.264 (RFC 6184) and H.265 (RFC 7798), each as its last packet arrives."""

from typing import Literal

import msgspec

START_CODE = b"\0\0\0\1"
SEQUENCE_NUMBERS = 1 << 16
TIMESTAMPS = 1 << 32
MAX_PICTURE_BYTES = 32 * 1024 * 1024

Codec = Literal["H264", "H265"]


class RtpPacket(msgspec.Struct, frozen=True):
    """A packet (RFC 3550, section 5.1), as far as it matters here."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> "RtpPacket | None":
        """None for what is no packet of version 2."""
        if len(data) < 12 or data[0] >> 6 != 2:
            return None
        begin = 12 + 4 * (data[0] & 0x0F)
        if data[0] & 0x10 and len(data) >= begin + 4:
            begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4])
        end = len(data) - (data[-1] if data[0] & 0x20 else 0)
        if begin > end:
            return None
        return cls(
            data[1] & 0x7F,
            bool(data[1] & 0x80),
            int.from_bytes(data[2:4]),
            int.from_bytes(data[4:8]),
            data[begin:end],
        )


class AccessUnit(msgspec.Struct, frozen=True):
    """One encoded picture, as a decoder takes it (Annex B of H.264 and H.265)."""

    data: bytes
    ticks: int
    """Its time stamp, which goes on rising where the 32 bits of RTP begin again."""
    by_next: bool = False
    """Whether the next picture ended it, and not its own last packet."""


class Depacketizer:
    """Feed it packet after packet; it gives back each picture when its last packet is in."""

    def __init__(self, codec: Codec) -> None:
        self.lost = 0
        """Pictures of which packets are missing."""
        self._codec = codec
        self._units = bytearray()
        self._damaged = False
        self._next_sequence: int | None = None
        self._timestamp: int | None = None
        self._ticks = 0
        self._ended_at: int | None = None
        """The time stamp of the last picture that a marker ended."""
        self._markers_count = True

    def feed(self, packet: RtpPacket) -> list[AccessUnit]:
        """The pictures that are complete with this packet: mostly one or none."""
        complete: list[AccessUnit] = []
        gap = self._next_sequence is not None and packet.sequence != self._next_sequence
        self._next_sequence = (packet.sequence + 1) % SEQUENCE_NUMBERS
        if packet.timestamp == self._ended_at:  # a marker in the middle of a picture: this camera's say nothing
            self._markers_count = False
        if packet.timestamp != self._timestamp:
            complete += self._finish(incomplete=gap, by_next=True)
            self._begin(packet.timestamp)
        self._damaged = self._damaged or gap
        self._add(packet.payload)
        if packet.marker and self._markers_count:
            self._ended_at = packet.timestamp
            complete += self._finish()
        return complete

    def _begin(self, timestamp: int) -> None:
        if self._timestamp is not None:
            step = (timestamp - self._timestamp) % TIMESTAMPS
            self._ticks += step if step < TIMESTAMPS // 2 else step - TIMESTAMPS
        self._timestamp = timestamp

    def _finish(self, *, incomplete: bool = False, by_next: bool = False) -> list[AccessUnit]:
        units, damaged = bytes(self._units), self._damaged
        self._units.clear()
        self._damaged = False
        if not units:
            return []
        if damaged or incomplete:
            self.lost += 1
            return []
        return [AccessUnit(units, self._ticks, by_next)]

    def _add(self, payload: bytes) -> None:
        if len(self._units) > MAX_PICTURE_BYTES:
            self._units.clear()
            self._damaged = True
        if self._codec == "H264":
            self._add_h264(payload)
        else:
            self._add_h265(payload)

    def _add_h264(self, payload: bytes) -> None:
        if not payload:
            return
        kind = payload[0] & 0x1F
        if 1 <= kind <= 23:
            self._unit(payload)
        elif kind == 24:  # STAP-A
            self._aggregated(payload[1:])
        elif kind == 28 and len(payload) > 2:  # FU-A
            self._fragment(payload[1], bytes([payload[0] & 0xE0 | payload[1] & 0x1F]), payload[2:])

    def _add_h265(self, payload: bytes) -> None:
        if len(payload) < 3:
            return
        kind = payload[0] >> 1 & 0x3F
        if kind == 48:  # AP
            self._aggregated(payload[2:])
        elif kind == 49:  # FU
            head = bytes([payload[0] & 0x81 | (payload[2] & 0x3F) << 1, payload[1]])
            self._fragment(payload[2], head, payload[3:])
        elif kind < 48:
            self._unit(payload)

    def _aggregated(self, data: bytes) -> None:
        while len(data) > 2:
            size = int.from_bytes(data[:2])
            self._unit(data[2 : 2 + size])
            data = data[2 + size :]

    def _fragment(self, flags: int, head: bytes, data: bytes) -> None:
        if flags & 0x80:
            self._unit(head)
        self._units += data

    def _unit(self, unit: bytes) -> None:
        if unit:
            self._units += START_CODE + unit
