"""Makes an H.264 film of JPEGs, with their own times. Needs the extra `av`."""

from datetime import tzinfo
from fractions import Fraction
from pathlib import Path

import av
from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framebus.recordings.folder import RecordedFrame
from gateway.export.time_stamp import TimeStamp

TIME_BASE = Fraction(1, 1000)
MOST_WIDTH = 1920
"""A wider picture is made smaller: what plays everywhere decodes no more."""
MAX_PIXELS = 64_000_000
"""A picture with more is left out: a damaged file may claim any size."""
OPTIONS = {"preset": "veryfast", "crf": "23", "threads": "2", "bf": "0"}
"""Without B-frames: with them, the last picture is lost where the times are irregular."""
PAUSE_MS = 3000
SHORT_PAUSE_MS = 1000
"""A pause of more than PAUSE_MS takes so long in the film."""
KEY_FRAME_MS = 2000
"""A key frame follows after so long, so that players can seek."""


class FilmEncoder:
    """A file that is being written. Closed by its owner."""

    def __init__(self, path: Path, zone: tzinfo | None = None) -> None:
        """Begin a file. Raises FFmpegError and OSError.

        Args:
            path: The file.
            zone: Draw the time of each picture into it, in this time zone.
        """
        self._stamp = TimeStamp(zone) if zone else None
        self.frames = 0
        self._path = path
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._decoder = CodecContext.create("mjpeg", "r")
        self._stream: VideoStream | None = None
        self._first: float | None = None
        self._at = 0.0
        self._ms = 0
        self._key_ms = 0

    @property
    def bytes(self) -> int:
        """Of the file. FFmpeg makes it when the encoder gives its first packet, which takes a dozen frames."""
        return self._path.stat().st_size if self._path.exists() else 0

    def add(self, frame: RecordedFrame) -> None:
        """Append a frame; one that cannot be decoded is left out. Raises FFmpegError and OSError."""
        header = frame.header
        if header.width * header.height > MAX_PIXELS:
            return
        try:
            pictures = self._decoder.decode(Packet(frame.jpeg))
        except FFmpegError:
            return
        for picture in pictures:
            self._write(_upright(picture, header.orientation), frame.at)

    def close(self) -> None:
        """Write the end of the file. Raises FFmpegError and OSError."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def _write(self, picture: VideoFrame, at: float) -> None:
        stream = self._stream = self._stream or self._begin(picture)
        fitting = picture.reformat(stream.width, stream.height, "yuv420p")
        if self._stamp:
            self._stamp.draw(fitting, at)
        fitting.pts = self._time(at)
        fitting.time_base = TIME_BASE
        if self.frames == 0 or self._ms - self._key_ms >= KEY_FRAME_MS:
            fitting.pict_type = av.video.frame.PictureType.I
            self._key_ms = self._ms
        self._container.mux(stream.encode(fitting))
        self.frames += 1

    def _time(self, at: float) -> int:
        """The time of a frame in the film, in ms: it rises with each frame, and long pauses are short."""
        if self._first is None:
            self._first = self._at = at
            return 0
        step = round((at - self._at) * 1000)
        self._at = at
        self._ms += SHORT_PAUSE_MS if step > PAUSE_MS else max(1, step)
        return self._ms

    def _begin(self, picture: VideoFrame) -> VideoStream:
        scale = min(1.0, MOST_WIDTH / picture.width)
        stream = self._container.add_stream("libx264", rate=Fraction(1000), options=OPTIONS)
        stream.width = max(2, round(picture.width * scale) // 2 * 2)
        stream.height = max(2, round(picture.height * scale) // 2 * 2)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = TIME_BASE
        return stream


def _upright(picture: VideoFrame, orientation: int) -> VideoFrame:
    """The picture as its EXIF orientation shows it."""
    if orientation == 1:
        return picture
    from PIL import Image  # few cameras need it

    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    image: Image.Image = picture.to_image()  # type: ignore[no-untyped-call]
    turned: VideoFrame = VideoFrame.from_image(image.transpose(turns[orientation]))  # type: ignore[no-untyped-call]
    return turned
