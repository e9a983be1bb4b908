"""A program of the user's as a camera: it publishes pictures, and everybody watches them as those of any other."""

import math
import os
import secrets
import threading
import time
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import zmq

from framebus.client.options import check_camera, check_configured, check_seconds, load
from framebus.config.camera import CameraConfig
from framebus.config.load import Config, ConfigError
from framebus.config.source_spec import SourceSpec
from framebus.errors import ArgumentError, PictureError, PublisherClosed, PublisherError
from framebus.protocol.frame import Frame
from framebus.protocol.wire import WireError, check_metadata
from framebus.publishing import array_encoder
from framebus.publishing.frame_builder import FrameBuilder
from framebus.publishing.jpeg import JpegError
from framebus.publishing.picture import Picture
from framebus.publishing.publishing_thread import PublishingThread
from framebus.runtime.host_clock import from_host
from framebus.runtime.process import ProcessError
from framebus.runtime.run_dir import RunDirError, prepare
from framebus.transport.process_context import exhaustion

if TYPE_CHECKING:
    import numpy
    import numpy.typing

PROGRAM: Final = "program"
FUTURE_SECONDS = 1.0
"""A moment so far ahead is a mistake; subscribers would drop the frame."""
CLOSED = "the program has stopped publishing"


class Publisher:
    """Publishes pictures as a camera of framebus, which has `source = "program"` in the configuration.

    It may be made before anything else of framebus runs, and tells by itself that it is there, once a second. Who
    watches sees within three seconds that its program died, stays connected, and sees the next one::

        from framebus import Publisher, Subscriber

        with Publisher("marked") as marked:
            for frame in Subscriber("front", rendition="half", timeout=10):
                if marked.watched:
                    marked.publish(255 - frame.decode(), like=frame)
                print(frame.seq, marked.watched)

    Closing: leave the `with` block, or call `close`. A publisher that is dropped closes itself.

    Threads: any thread may publish. A thread of the publisher's own serves the subscribers.

    Processes: one process at a time publishes a camera. After a fork, the child has to make a publisher of its own, of
    another camera.
    """

    def __init__(self, camera: str, *, config: str | os.PathLike[str] | None = None) -> None:
        """Take the camera's endpoint.

        Args:
            camera: The camera's name in the configuration.
            config: The path of framebus.toml; None searches for it as the commands do.

        Raises:
            ArgumentError: The name is invalid. It is a ValueError, too.
            ConfigError: The configuration has mistakes, no such camera, or another source for it.
            PublisherError: Another process publishes the camera, or its endpoint cannot be had; the text says why.
            ResourceError: The process has too few file descriptors left.
        """
        check_camera(camera)
        self._open(program_camera(load(config, camera), camera), camera, PROGRAM)

    def _open(self, config: Config, camera: str, source: str) -> None:
        self.camera = camera
        self._settings = config.cameras[camera]
        self._pid = os.getpid()
        epoch = secrets.token_hex(8)
        megapixels, most = self._settings.max_megapixels, int(self._settings.max_frame_mb * 1e6)
        self._builder = FrameBuilder(camera, epoch, most, megapixels)
        self._seq = 0
        self._numbering = threading.Lock()
        try:
            with exhaustion():
                prepare(config)
                self._thread = PublishingThread(
                    camera,
                    self._settings,
                    config.run_dir,
                    secrets=config.secrets,
                    group=config.group,
                    epoch=epoch,
                    source=source,
                )
        except (RunDirError, ProcessError, zmq.ZMQError, OSError) as error:
            raise PublisherError(str(error)) from None
        self._finalizer = weakref.finalize(self, _close, self._thread, self._pid)

    @property
    def watched(self) -> bool:
        """Whether a frame is wanted now: by viewers, or for a still.

        Without viewers, it is true `idle_fps` times a second, for stills and for the page's overview. A frame that is
        published at another time reaches no one.
        """
        return self._thread.watched

    def wait_watched(self, timeout: float | None = None) -> bool:
        """Wait until `watched` is true.

        Args:
            timeout: Seconds to wait; None waits for ever.

        Returns:
            Whether it is true.

        Raises:
            PublisherClosed: The publisher is closed, or was closed while this waited.
            PublisherError: The endpoint is lost, or the publisher was made before a fork.
            ArgumentError: The timeout is not a number.
        """
        check_seconds("timeout", timeout)
        self._check()
        watched = self._thread.wait_watched(None if timeout == math.inf else timeout)
        self._check()
        return watched

    def publish(
        self,
        picture: "bytes | bytearray | memoryview | numpy.typing.NDArray[numpy.uint8]",
        *,
        like: Frame | None = None,
        captured: float | None = None,
        monotonic: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> int:
        """Publish a picture. Without a moment, it counts as taken now.

        Args:
            picture: A complete JPEG, or an array of numpy as `frame.decode` returns them: uint8, height x width x 3 in
                the order blue, green, red, or height x width in grey. An array is encoded with the camera's `quality`,
                by simplejpeg where that is installed, else by Pillow.
            like: The frame that the picture was made from: it passes on its moment, its metadata, and for an array its
                orientation.
            captured: When the picture was taken, in Unix seconds.
            monotonic: The same moment in seconds of CLOCK_MONOTONIC of the machine, as `frame.monotonic` has it. Of the
                two, one is enough.
            metadata: What the program says of the picture: names, and values of JSON.

        Returns:
            The number of the frame, from 1.

        Raises:
            PictureError: The picture is no complete JPEG, too large, or an array of another kind. It is a ValueError.
            ArgumentError: A moment is in the future or not a number, or the metadata cannot be sent. It is a
                ValueError, too.
            MissingPackageError: Pillow is not installed. It is an ImportError, too.
            PublisherClosed: The publisher is closed.
            PublisherError: The endpoint is lost, or the publisher was made before a fork.
        """
        self._check()
        if like is not None and not isinstance(like, Frame):
            raise ArgumentError(f"like {like!r}: allowed is a Frame, or None")
        if metadata is not None and not isinstance(metadata, Mapping):
            raise ArgumentError(f"metadata {metadata!r}: allowed: names, and values of JSON")
        taken, at = moment(like, captured, monotonic)
        said = dict(metadata) if metadata is not None else dict(like.metadata) if like is not None else {}
        _check_metadata(said)
        orientation = 1
        if isinstance(picture, (bytes, bytearray, memoryview)):
            jpeg = bytes(picture)
        else:
            try:
                jpeg = array_encoder.encode(picture, self._settings.quality)
            except PictureError:
                self._thread.bad += 1
                raise
            orientation = like.orientation if like is not None else 1
        return self._publish(Picture(jpeg, taken, at, said), orientation)

    def _publish(self, picture: Picture, orientation: int = 1) -> int:
        thread = self._thread
        with self._numbering:  # numbers are given in the order in which frames are sent
            try:
                frame = self._builder.build(
                    picture,
                    self._seq + 1,
                    source=thread.source,
                    orientation=orientation,
                    dropped=thread.dropped,
                    kind="live",
                )
            except JpegError as error:
                thread.bad += 1
                raise PictureError(f"picture: {error}; allowed: a complete JPEG") from None
            self._seq += 1
            if not thread.publish(frame):
                self._check()  # raises: the publisher was closed, or has failed, while this waited
            return self._seq

    def offline(self, reason: str) -> None:
        """Tell the viewers that there are no pictures, and why, until the next one is published.

        Args:
            reason: A sentence for people.

        Raises:
            ArgumentError: The reason is empty.
            PublisherClosed: The publisher is closed.
            PublisherError: The endpoint is lost, or the publisher was made before a fork.
        """
        self._check()
        if not isinstance(reason, str) or not reason:
            raise ArgumentError(f"reason {reason!r}: allowed is a sentence")
        self._thread.offline(reason)

    def close(self) -> None:
        """Release the endpoint, and tell the viewers. May be called more than once; raises nothing."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self) -> None:
        if self._pid != os.getpid():
            raise PublisherError(
                f"the publisher of camera {self.camera} was made in process {self._pid}; make a new one after a fork"
            )
        if not self._finalizer.alive:
            raise PublisherClosed(self.camera)
        if self._thread.failure:
            raise PublisherError(f"camera {self.camera} is not published any more: {self._thread.failure}")


def _close(thread: PublishingThread, pid: int) -> None:
    if pid == os.getpid():
        thread.close(CLOSED)


def program_camera(config: Config, camera: str) -> Config:
    """The configuration, with this camera in it. Raises ConfigError where that is not one for programs."""
    if config.path is None and camera not in config.cameras:
        settings = CameraConfig(source=SourceSpec(PROGRAM), idle_fps=0)
        return msgspec.structs.replace(config, cameras=config.cameras | {camera: settings})
    try:
        check_configured(camera, config)
    except ConfigError as error:
        raise ConfigError([f'{error}; for a publisher, add [camera.{camera}] with source = "program"']) from None
    source = config.cameras[camera].source
    if source.kind != PROGRAM:
        raise ConfigError(
            [f'camera {camera} has source = "{SourceSpec.shown(str(source))}"; allowed for a publisher: "program"']
        )
    return config


def moment(like: Frame | None, captured: float | None, monotonic: float | None) -> tuple[float, float]:
    """When a picture was taken: Unix seconds, and CLOCK_MONOTONIC seconds of this process. Raises ArgumentError."""
    now, wall = time.monotonic(), time.time()
    check_seconds("captured", captured)
    check_seconds("monotonic", monotonic)
    if captured is not None or monotonic is not None:
        if monotonic is not None:
            monotonic = from_host(monotonic)
        else:
            monotonic = now - (wall - captured) if captured is not None else now
        if captured is None:
            captured = wall - (now - monotonic)
    elif like is not None:
        captured, monotonic = like.captured, from_host(like.monotonic) if like.same_host else now - like.age
    else:
        captured, monotonic = wall, now
    if monotonic - now > FUTURE_SECONDS:
        raise ArgumentError(
            f"the picture was taken {monotonic - now:.0f} s from now; allowed: a moment that has passed"
        )
    if not 0 <= captured <= wall + 366 * 86400:
        raise ArgumentError(f"captured {captured!r}: allowed are Unix seconds")
    return captured, monotonic


def _check_metadata(metadata: dict[str, Any]) -> None:
    try:
        check_metadata(msgspec.json.decode(msgspec.json.encode(metadata)))
    except (TypeError, ValueError, OverflowError, RecursionError, WireError) as error:
        raise ArgumentError(f"metadata: {error}; allowed: names, and values of JSON") from None
