"""Short clips for tests, made by PyAV: JPEG packets put into a container as they are, or colours encoded by a codec."""

import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from tests.capture import jpegs

SIZE = (64, 48)
COLOURS = ["red", "lime", "blue", "white"]


def of_jpegs(file: Path, jpegs: Sequence[bytes], fps: int = 25) -> Path:
    """A clip whose packets are these JPEGs, byte for byte; its name says which container."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("mjpeg", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        stream.time_base = Fraction(1, fps)
        for number, jpeg in enumerate(jpegs):
            packet = Packet(jpeg)
            packet.stream = stream
            packet.time_base = Fraction(1, fps)
            packet.pts = packet.dts = number
            packet.is_keyframe = True
            container.mux(packet)
    return file


def of_colours(
    file: Path, codec: str, colours: Sequence[str], fps: int = 25, size: tuple[int, int] = SIZE, gop: int = 1
) -> Path:
    """A clip with a frame of each colour, every `gop`-th a key frame, and none held back by the encoder."""
    options = {"g": str(gop), "bf": "0"}
    if codec == "libx264":
        options |= {"tune": "zerolatency", "sc_threshold": "0"}
    with av.open(str(file), "w") as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=fps, options=options))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for colour in colours:
            frame = cast(Any, VideoFrame).from_image(Image.new("RGB", size, colour))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def remuxed(file: Path, container: str, options: dict[str, str] | None = None) -> bytes:
    """The video of a file in another container, such as "flv"."""
    made = file.with_name(f"remuxed.{container}")
    with av.open(str(file)) as source, av.open(str(made), "w", format=container, options=options or {}) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size:
                packet.stream, packet.pts, packet.dts = stream, number, number
                packet.time_base = Fraction(1, 25)
                target.mux(packet)
    return made.read_bytes()


def packets(file: Path) -> list[bytes]:
    """Those of the video, one for each frame."""
    with av.open(str(file)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def of_silence(file: Path) -> Path:
    """A second of sound and no picture, as WAV."""
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    return file


def colour(jpeg: bytes) -> str:
    """Which of COLOURS fills a JPEG."""
    red, green, blue = (level > 128 for level in jpegs.opened(jpeg).convert("RGB").resize((1, 1)).getpixel((0, 0)))  # type: ignore[union-attr]
    return {(True, False, False): "red", (False, True, False): "lime", (False, False, True): "blue"}.get(
        (red, green, blue), "white"
    )
