"""A disk in memory that notes what it has been told to keep, so that a power cut at any moment can be played back.

The kernel's dm-log-writes logs a write only once the disk was flushed after it: each beginning of its log is what a
disk has that drops what was not flushed. The format of the log is that of drivers/md/dm-log-writes.c.
"""

import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.vm import hardware

MEGABYTES = 16
SECTOR_BYTES = 512
DATA, LOG, RESTORED = (Path(f"/dev/ram{number}") for number in range(3))
NAME = "framebus-logged"
MAGIC = 0x6A736677736872
SUPER = struct.Struct("<QQQI")
"""Magic, version, number of entries, bytes of a sector."""
ENTRY = struct.Struct("<QQQQ")
"""Sector, number of sectors, flags, bytes of what a mark says."""
DISCARD, MARK = 4, 8


@dataclass(frozen=True)
class Entry:
    """A write, or a mark."""

    offset: int
    """In bytes."""
    data: bytes
    mark: str = ""


class LoggedDisk:
    """An ext4 that is mounted until `unplug`; what was written then can be restored up to any entry of the log."""

    def __init__(self, mount_point: Path) -> None:
        hardware.load("brd", rd_nr=3, rd_size=MEGABYTES * 1024)
        for module in ("crc32c_generic", "dm_log_writes", "ext4"):
            hardware.load(module)
        self.mount_point = mount_point
        sectors = MEGABYTES * 1024 * 1024 // SECTOR_BYTES
        _run("dmsetup", "create", NAME, "--noudevsync", "--table", f"0 {sectors} log-writes {DATA} {LOG}")
        asked = ["dmsetup", "info", "-c", "--noheadings", "-o", "blkdevname", NAME]
        device = f"/dev/{subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()}"
        _run("mkfs.ext4", "-q", "-E", "nodiscard,lazy_itable_init=0,lazy_journal_init=0", device)
        _run("mount", "-t", "ext4", device, str(mount_point))

    def mark(self, text: str) -> None:
        """Note something in the log, at this moment."""
        _run("dmsetup", "message", NAME, "0", "mark", text)

    def unplug(self) -> list[Entry]:
        """Unmount it; returns the log."""
        _run("umount", str(self.mount_point))
        _run("dmsetup", "remove", "--noudevsync", NAME)
        return list(_entries(LOG.read_bytes()))

    @contextmanager
    def restored(self, entries: list[Entry]) -> Iterator[Path]:
        """The mounted file system as it is with these writes alone."""
        with RESTORED.open("r+b") as disk:
            disk.write(bytes(MEGABYTES * 1024 * 1024))
            for entry in entries:
                disk.seek(entry.offset)
                disk.write(entry.data)
        _run("mount", "-t", "ext4", str(RESTORED), str(self.mount_point))
        try:
            yield self.mount_point
        finally:
            _run("umount", str(self.mount_point))


def _entries(log: bytes) -> Iterator[Entry]:
    magic, _, count, sector_bytes = SUPER.unpack_from(log)
    assert magic == MAGIC
    at = sector_bytes
    for _ in range(count):
        sector, sectors, flags, text_bytes = ENTRY.unpack_from(log, at)
        text = log[at + ENTRY.size : at + ENTRY.size + text_bytes].decode() if flags & MARK else ""
        at += sector_bytes
        size = sectors * sector_bytes
        if flags & DISCARD:
            yield Entry(sector * sector_bytes, bytes(size))
        else:
            yield Entry(sector * sector_bytes, log[at : at + size], text)
            at += size


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
