"""Replaces files in one step: a reader sees the old content or the new one, and a crash leaves one of the two."""

import contextlib
import errno
import os
from pathlib import Path

READABLE = 0o666
"""The mode of a file for everyone, as `open` asks for it: the umask removes what the user does not want."""
PRIVATE = 0o600
"""The mode of a file for its owner alone."""
NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})
"""A file system without fsync for folders (fsync(2)), or a folder that may be written to but not opened."""


def write_atomically(
    path: Path,
    content: bytes,
    mode: int = READABLE,
    *,
    lasting: bool = False,
    owner: tuple[int, int] | None = None,
    exact_mode: bool = False,
    into_devices: bool = False,
) -> None:
    """Replace a file, or create it, in one step.

    Args:
        path: The file. A symbolic link is replaced, and not followed.
        content: All of its new content.
        mode: Its permissions; the kernel removes those of the umask, as for every new file.
        lasting: Return only when the disk holds the content and the folder's entry: a power cut cannot undo it.
        owner: User and group ids that own the file from the moment at which it can be seen. Only root may set others.

        exact_mode: Keep also the permissions that the umask would remove.
        into_devices: Write to what is not a regular file, such as /dev/null or a pipe, instead of replacing it. Not for
            root in a folder of another user, who may put a link to any device there.

    Raises:
        OSError: The file was not replaced, and no temporary file is left.
    """
    if into_devices and path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    # `secrets` would do the same, and load OpenSSL into every process (1.2 MB).
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if owner is not None:
                os.fchown(descriptor, *owner)
            if exact_mode:
                os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if lasting:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk holds the folder's entries: fsync of a file does not include its name (fsync(2)).

    Raises OSError, but not on a file system that has no fsync for folders.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
