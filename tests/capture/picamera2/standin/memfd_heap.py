"""Memory for pictures from memfd_create, in place of the kernel's dma heaps, which a machine without a Pi lacks."""

import errno
import os

from libcamera._switches import fault
from picamera2.allocators import dmaallocator
from picamera2.dma_heap import UniqueFD


class MemfdHeap:
    """picamera2.dma_heap.DmaHeap."""

    isValid = True

    def __init__(self) -> None:
        if fault() == "denied":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/dev/dma_heap/linux,cma")
        self._heap = os.open("/dev/null", os.O_CLOEXEC)

    def alloc(self, name: str, size: int) -> UniqueFD:
        if fault() == "full":
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        memory = os.memfd_create(name)
        os.ftruncate(memory, size)
        return UniqueFD(memory)

    def close(self) -> None:
        os.close(self._heap)


class _NoSync:
    """Of memory that no device shares there is nothing to synchronize."""

    @staticmethod
    def ioctl(*_arguments: object) -> int:
        return 0


def install() -> None:
    """Have picamera2 use it, also for the allocator that it makes when it closes a camera."""
    dmaallocator.DmaHeap = MemfdHeap
    dmaallocator.fcntl = _NoSync
