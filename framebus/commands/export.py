"""`framebus export FILE`: makes a folder of JPEGs, or an MCAP file, of a recording."""

import argparse
import csv
import errno
import shutil
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from framebus.commands.progress import Progress
from framebus.errors import MissingPackageError
from framebus.protocol.recording import RecordingError, RecordingReader
from framebus.protocol.wire import FrameHeader
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE

COLUMNS = ("file", "camera", "seq", "epoch", "captured", "monotonic", "width", "height", "orientation")
SCHEMA_NAME = "sensor_msgs/msg/CompressedImage"
SCHEMA = b"""\
std_msgs/Header header
string format
uint8[] data
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""
"""As ROS 2 defines it (common_interfaces, sensor_msgs/msg/CompressedImage.msg)."""
CDR_LITTLE_ENDIAN = b"\x00\x01\x00\x00"
"""The encapsulation header of XCDR1 (DDS-XTypes 1.3, 7.6.3.1.2)."""
MAX_SECONDS = 1 << 32
"""The seconds of a ROS time have 32 bits."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: the recording and what to make."""
    parser.add_argument("file", metavar="FILE", help="a recording made by `framebus record`")
    parser.add_argument(
        "-o",
        "--output",
        metavar="PATH",
        required=True,
        help="a new folder for JPEGs and a table of their times, or a new file that ends in .mcap",
    )


def run(options: argparse.Namespace) -> int:
    """Export all frames; returns the exit status."""
    output = Path(options.output)
    progress = Progress()
    try:
        with open(options.file, "rb") as file:
            reader = RecordingReader(file, options.file)
            if output.exists():
                print(f"{output} exists already; name another with -o", file=sys.stderr)
                return EXIT_USAGE
            with unfinished(output) as partial:
                count = (to_mcap if output.suffix == ".mcap" else to_folder)(reader, partial, progress)
    except RecordingError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except MissingPackageError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"{error.filename or output}: {error.strerror}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        progress.end()
        print(f"{output}: not made", file=sys.stderr)
        return EXIT_FAILED
    print(f"{output}: {count} frames{'; the recording is cut after them' if reader.is_cut else ''}")
    return EXIT_OK


@contextmanager
def unfinished(output: Path) -> Iterator[Path]:
    """Where to make the output, which gets its name when it is complete; what was made of it is removed on an error.

    Raises FileExistsError where another export makes it, or was killed.
    """
    partial = output.with_name(f"{output.name}.part")
    if partial.exists():
        raise FileExistsError(errno.EEXIST, "exists already: another export makes it, or was killed", str(partial))
    try:
        yield partial
        partial.rename(output)
    except FileExistsError:  # another export has begun to make it meanwhile
        raise
    except BaseException:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)
        raise


def to_folder(frames: Iterable[tuple[FrameHeader, bytes]], folder: Path, progress: Progress) -> int:
    """Write each JPEG, unchanged, and frames.csv; returns how many. Raises OSError."""
    folder.mkdir(parents=True)
    count = 0
    with (folder / "frames.csv").open("w", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        for header, jpeg in frames:
            count += 1
            name = f"{count:06}.jpg"
            (folder / name).write_bytes(jpeg)
            writer.writerow([name, *(getattr(header, column) for column in COLUMNS[1:])])
            progress.show(f"{count} frames")
    progress.end()
    return count


def to_mcap(frames: Iterable[tuple[FrameHeader, bytes]], file: Path, progress: Progress) -> int:
    """Write an MCAP file with images as ROS 2 has them; returns how many.

    Raises OSError, MissingPackageError and RecordingError.
    """
    try:
        from mcap.writer import CompressionType, Writer
    except ImportError:
        raise MissingPackageError(
            f"MCAP needs mcap, which is not installed; run: {sys.executable} -m pip install 'framebus[mcap]'"
        ) from None
    count = 0
    channels: dict[str, int] = {}
    with file.open("xb") as output:
        writer = Writer(output, compression=CompressionType.NONE)  # JPEGs do not get smaller
        writer.start(profile="ros2", library="framebus")
        schema = writer.register_schema(name=SCHEMA_NAME, encoding="ros2msg", data=SCHEMA)
        for header, jpeg in frames:
            if header.camera not in channels:
                topic = f"/{header.camera.replace('-', '_')}/image/compressed"
                channels[header.camera] = writer.register_channel(topic, "cdr", schema, {"source": header.source})
            moment = round(header.captured * 1e9)
            writer.add_message(
                channel_id=channels[header.camera],
                log_time=moment,
                publish_time=moment,
                sequence=header.seq & 0xFFFFFFFF,
                data=compressed_image(header, jpeg),
            )
            count += 1
            progress.show(f"{count} frames")
        writer.finish()
    progress.end()
    return count


def compressed_image(header: FrameHeader, jpeg: bytes) -> bytes:
    """A frame as a sensor_msgs/msg/CompressedImage in CDR, little-endian.

    Seconds from 2**31 on, of the year 2038, are written as uint32. Raises RecordingError for those that do not fit.
    """
    seconds, nanoseconds = divmod(round(header.captured * 1e9), 1_000_000_000)
    if not 0 <= seconds < MAX_SECONDS:
        raise RecordingError(
            f"frame {header.seq} of camera {header.camera}: captured {header.captured!r}; allowed for MCAP: "
            f"Unix seconds from 0 to {MAX_SECONDS - 1}"
        )
    body = struct.pack("<II", seconds, nanoseconds)
    for text in (header.camera, "jpeg"):
        body += b"\0" * (-len(body) % 4)
        encoded = text.encode() + b"\0"
        body += struct.pack("<I", len(encoded)) + encoded
    body += b"\0" * (-len(body) % 4)
    return CDR_LITTLE_ENDIAN + body + struct.pack("<I", len(jpeg)) + jpeg
