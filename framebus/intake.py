"""From the messages of one topic to the frames worth handing over. No sockets: those are the subscribers' part."""

from logging import getLogger

from framebus.frame import Frame
from framebus.losses import Losses
from framebus.wire import FrameHeader, WireError, parse

logger = getLogger("framebus")


class Intake:
    """Judges each message: a frame newer than the last one, or nothing.

    capture sends its newest frame again whenever somebody subscribes, to everybody: such a repeat is passed over in
    silence.
    """

    def __init__(self, *, same_host: bool = True) -> None:
        self.missed = 0
        """Frames published but never handed over, in all."""
        self.losses = Losses(logger)
        self._same_host = same_host
        self._epoch: str | None = None
        self._seq = 0

    def accept(self, message: bytes) -> Frame | None:
        """The frame in this message; None for a repeat, an older one, or what is no frame (counted)."""
        try:
            parts, header = parse(message, FrameHeader)
        except WireError as error:
            self.losses.count("malformed messages dropped", str(error))
            return None
        missed = 0
        if header.epoch == self._epoch:
            if header.seq <= self._seq:
                return None
            missed = header.seq - self._seq - 1
        self._epoch, self._seq = header.epoch, header.seq
        self.missed += missed
        return Frame(header, parts.body, missed, self._same_host)
