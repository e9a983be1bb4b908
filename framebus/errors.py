"""The exceptions of framebus, all in one tree.

* :exc:`FramebusError`
    * :exc:`UsageError`: a command was called with arguments that cannot be used.
    * :exc:`ArgumentError`: a function was called with an argument that cannot be used; also a `ValueError`.
    * :exc:`ReplyTimeoutError`: no frame or no reply came in time; also a `TimeoutError`.
    * :exc:`ResourceError`: the process has too few file descriptors left.
    * :exc:`MissingPackageError`: an optional package is not installed; also an `ImportError`.
    * :exc:`DecodeError`: a picture is damaged; also a `ValueError`.
    * :exc:`SubscriberError`: a subscriber was used where it cannot be; also a `RuntimeError`.
        * :exc:`SubscriberClosed`: the subscriber was closed.
    * :exc:`~framebus.protocol.recording.RecordingError`: a file is no recording; also a `ValueError`.
    * :exc:`PictureError`: a picture cannot be published; also a `ValueError`.
    * :exc:`PublisherError`: a camera cannot be published; also a `RuntimeError`.
        * :exc:`PublisherClosed`: the publisher was closed.
    * :exc:`~framebus.transport.sockets.EndpointError`: an endpoint is invalid; also a `zmq.ZMQError`.
    * :exc:`~framebus.config.load.ConfigError`: the configuration cannot be used; it names every mistake.
    * :exc:`~framebus.protocol.wire.WireError`: a message does not follow the wire format.
    * :exc:`~framebus.protocol.stills.RequestError`: a still request does not follow the wire format.
    * :exc:`~framebus.protocol.controls.ControlError`: a control request was refused.
    * :exc:`~framebus.client.snapshots.SnapshotError`: the snapshot service refused a still.
    * :exc:`~framebus.credentials.secrets_file.SecretsError`: the secrets file cannot be read or written.
    * :exc:`~framebus.runtime.process.ProcessError`: a process cannot run; its text is logged as the reason.
    * :exc:`~framebus.runtime.run_dir.RunDirError`: the folder of the sockets cannot be used.
    * :exc:`~framebus.runtime.privileges.PrivilegeError`: the process cannot change its user.

`capture`, `gateway` and `snapshot` derive their own exceptions from `FramebusError` too.
"""


class FramebusError(Exception):
    """Base class of every exception that framebus raises on purpose."""


class UsageError(FramebusError):
    """A command was called with arguments that cannot be used; the text says what is allowed."""


class ArgumentError(FramebusError, ValueError):
    """A function was called with an argument that cannot be used; the text says what is allowed."""


class ReplyTimeoutError(FramebusError, TimeoutError):
    """No frame or no reply came in time; the text says why, where that is known."""


class ResourceError(FramebusError):
    """The process has too few file descriptors left for a connection."""


class MissingPackageError(FramebusError, ImportError):
    """An optional package is not installed; the text says what to run."""


class DecodeError(FramebusError, ValueError):
    """A picture cannot be decoded: it is damaged, or of a kind that Pillow does not read."""


class SubscriberError(FramebusError, RuntimeError):
    """A subscriber was used where it cannot be: by two threads at once, after a fork, or in another event loop."""


class SubscriberClosed(SubscriberError):
    """The subscriber was closed."""

    def __init__(self, camera: str) -> None:
        super().__init__(f"the subscriber of camera {camera} is closed")
        self.camera = camera

    def __reduce__(self) -> tuple[type["SubscriberClosed"], tuple[str]]:
        return type(self), (self.camera,)


class PictureError(FramebusError, ValueError):
    """A picture cannot be published; the text says what is wrong with it and what is allowed."""


class PublisherError(FramebusError, RuntimeError):
    """A camera cannot be published: another process does, its endpoint is lost, or the publisher was inherited."""


class PublisherClosed(PublisherError):
    """The publisher was closed."""

    def __init__(self, camera: str) -> None:
        super().__init__(f"the publisher of camera {camera} is closed")
        self.camera = camera

    def __reduce__(self) -> tuple[type["PublisherClosed"], tuple[str]]:
        return type(self), (self.camera,)
