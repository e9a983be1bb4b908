"""Extracts the video from an MPEG transport stream (ISO/IEC 13818-1). Pure: no sockets, no decoding.

FFmpeg gives a picture out only once the next one has begun, and its parser holds it for one more: at 5 fps, each
picture comes 0.4 s late. Here a picture is complete with its last packet, which multiplexers fill up with stuffing.
"""

import msgspec

PACKET_BYTES = 188
SYNC = 0x47
CODECS = {0x01: "mpeg1video", 0x02: "mpeg2video", 0x10: "mpeg4", 0x1B: "h264", 0x24: "hevc"}
"""The stream types of table 2-34 that are decoded, and FFmpeg's names."""
MAX_PICTURE_BYTES = 32 * 1024 * 1024
TIMESTAMPS = 1 << 33
PAT_PID = 0
NO_PID = -1


class EncodedPicture(msgspec.Struct, frozen=True):
    """One PES packet of video: one picture, in the streams of cameras."""

    data: bytes
    ticks: int
    """Its time stamp in 1/90000 s, which goes on rising where its 33 bits begin again."""
    by_next: bool
    """Whether the next picture ended it, and not its own last packet."""


class TransportStream:
    """Feed it what comes; it gives back each picture of the first video as soon as that is complete."""

    def __init__(self) -> None:
        self.codec = ""
        """FFmpeg's name of the video's codec; empty until the stream has told it, and never of an unknown one."""
        self.lost = 0
        """Pictures of which packets are missing."""
        self._buffer = bytearray()
        self._pmt_pid = NO_PID
        self._video_pid = NO_PID
        self._stream_type = 0
        self._pes = bytearray()
        self._in_pes = False
        self._counter: int | None = None
        self._stuffing_ends = True
        """Whether stuffing has so far been at the end of a picture only."""
        self._ended_by_stuffing = False
        self._ticks = 0

    def feed(self, data: bytes) -> list[EncodedPicture]:
        """The pictures that these bytes complete."""
        self._buffer += data
        pictures: list[EncodedPicture] = []
        at, end = 0, len(self._buffer) - PACKET_BYTES
        while at <= end:
            if self._buffer[at] != SYNC:
                at = self._resynchronised(at)
                continue
            pid = (self._buffer[at + 1] & 0x1F) << 8 | self._buffer[at + 2]
            if pid in (PAT_PID, self._pmt_pid, self._video_pid):
                pictures += self._packet(pid, bytes(self._buffer[at : at + PACKET_BYTES]))
            at += PACKET_BYTES
        del self._buffer[:at]
        return pictures

    def _resynchronised(self, at: int) -> int:
        """Where the next packet begins; the end of what there is, if it is not known yet."""
        at = self._buffer.find(SYNC, at + 1)
        return len(self._buffer) if at < 0 else at

    def _packet(self, pid: int, packet: bytes) -> list[EncodedPicture]:
        begins, control = bool(packet[1] & 0x40), packet[3] >> 4 & 3
        adaptation = 1 + packet[4] if control & 2 else 0
        payload = packet[4 + adaptation :] if control & 1 else b""
        if packet[1] & 0x80 or not payload:  # marked as damaged, or without content
            return []
        if pid == self._video_pid:
            return self._video(packet, begins, payload, _stuffing(packet) if adaptation else 0)
        if begins:
            self._table(pid, payload[1 + payload[0] :])
        return []

    # --- tables -------------------------------------------------------------------------------------------------------

    def _table(self, pid: int, section: bytes) -> None:
        """PAT and PMT (2.4.4). One that is longer than a packet is of no camera: its first packet names the video."""
        length = 3 + (int.from_bytes(section[1:3]) & 0x0FFF) - 4  # without its checksum
        if len(section) < 12 or pid == PAT_PID != section[0]:
            return
        if pid == PAT_PID:
            programs = [section[at : at + 4] for at in range(8, min(length, len(section) - 3), 4)]
            self._pmt_pid = next((int.from_bytes(one[2:]) & 0x1FFF for one in programs if any(one[:2])), NO_PID)
        elif section[0] == 2:
            self._program(section[: max(12, length)])

    def _program(self, section: bytes) -> None:
        at = 12 + (int.from_bytes(section[10:12]) & 0x0FFF)
        while at + 5 <= len(section):
            kind, pid = section[at], int.from_bytes(section[at + 1 : at + 3]) & 0x1FFF
            if kind in CODECS:
                if (pid, kind) != (self._video_pid, self._stream_type):
                    self._video_pid, self._stream_type, self.codec = pid, kind, CODECS[kind]
                    self._pes.clear()
                    self._in_pes, self._counter = False, None
                return
            at += 5 + (int.from_bytes(section[at + 3 : at + 5]) & 0x0FFF)

    # --- pictures -----------------------------------------------------------------------------------------------------

    def _video(self, packet: bytes, begins: bool, payload: bytes, stuffing: int) -> list[EncodedPicture]:
        counter = packet[3] & 0x0F
        if counter == self._counter and not begins:  # a repeated packet (2.4.3.3)
            return []
        if self._counter is not None and counter != (self._counter + 1) & 0x0F:
            self.lost += self._in_pes
            self._in_pes = False
        self._counter = counter
        pictures: list[EncodedPicture] = []
        if begins:
            pictures += self._finish(by_next=True)
            self._pes += payload
            self._in_pes = True
        elif self._in_pes:
            self._pes += payload
        elif self._ended_by_stuffing:  # the picture went on: this multiplexer stuffs anywhere
            self._stuffing_ends = self._ended_by_stuffing = False
            self.lost += 1
        if len(self._pes) > MAX_PICTURE_BYTES:
            self._in_pes = False
            self._pes.clear()
            self.lost += 1
        if self._in_pes and self._is_complete(stuffing):
            self._ended_by_stuffing = stuffing > 0
            pictures += self._finish(by_next=False)
        return pictures

    def _is_complete(self, stuffing: int) -> bool:
        length = int.from_bytes(self._pes[4:6]) if len(self._pes) >= 6 else 0
        return len(self._pes) >= 6 + length if length else stuffing > 0 and self._stuffing_ends

    def _finish(self, *, by_next: bool) -> list[EncodedPicture]:
        data, was_in_pes = bytes(self._pes), self._in_pes
        self._pes.clear()
        self._in_pes = False
        if by_next:
            self._ended_by_stuffing = False
        if not was_in_pes or len(data) < 9 or data[:3] != b"\0\0\1":
            return []
        content = data[9 + data[8] :]
        if data[7] & 0x80 and len(data) >= 14:
            self._ticks += _signed(_timestamp(data[9:14]) - self._ticks)
        return [EncodedPicture(content, self._ticks, by_next)] if content else []


def _stuffing(packet: bytes) -> int:
    """How many bytes fill up a packet with an adaptation field (2.4.3.4); it may not be longer than the packet."""
    length = packet[4]
    if length == 0:
        return 1
    flags = packet[5]
    used = 1 + 6 * bool(flags & 0x10) + 6 * bool(flags & 0x08) + bool(flags & 0x04)
    for flag in (0x02, 0x01):  # private data, and the extension: each begins with its length
        if flags & flag and 5 + used < 4 + length:
            used += 1 + packet[5 + used]
    return max(0, length - used)


def _timestamp(five: bytes) -> int:
    """A PTS: 33 bits among marker bits (2.4.3.7)."""
    return (five[0] >> 1 & 7) << 30 | (int.from_bytes(five[1:3]) >> 1) << 15 | int.from_bytes(five[3:5]) >> 1


def _signed(difference: int) -> int:
    """The smallest step that leads there: time stamps begin again after 26 hours."""
    difference %= TIMESTAMPS
    return difference - TIMESTAMPS if difference >= TIMESTAMPS // 2 else difference
