"""The exceptions of framebus, all in one tree.

* :exc:`FramebusError`
    * :exc:`UsageError`: a command was called with arguments that cannot be used.
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
