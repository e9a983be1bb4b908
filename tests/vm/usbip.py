"""The kernel's own USB bus in software: a camera is plugged into vhci_hcd, which talks USB/IP over a socket.

The protocol is that of the kernel's Documentation/usb/usbip_protocol.rst. What the camera answers is tests.vm.webcam's
part; which driver binds it is the kernel's: it knows no difference to a real one.
"""

import errno
import select
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from tests.vm import uvc
from tests.vm.webcam import Setup, Webcam

CONTROLLER = Path("/sys/devices/platform/vhci_hcd.0")
HIGH_SPEED = 3
"""enum usb_device_speed of linux/usb/ch9.h."""
FIRST_DEVICE = 0x10002
ATTACH_SECONDS = 20.0
"""A port is free only once the kernel has forgotten what was in it."""
IDLE_SECONDS = 0.5
SUBMIT, UNLINK, SUBMITTED, UNLINKED = 1, 2, 3, 4
HEADER = struct.Struct(">6I4i8s")
"""Command, sequence number, device, direction, endpoint, flags, length, first frame, packets, interval, setup."""
INBOUND = 1
RECEIVE_BYTES = 65536


@dataclass(frozen=True)
class Waiting:
    """A transfer that the next payload will answer."""

    sequence: int
    length: int


def plug_in(port: int) -> socket.socket:
    """Take a port of the controller; returns the camera's end of the cable. Closing it unplugs the camera."""
    kernels, ours = socket.socketpair()
    deadline = time.monotonic() + ATTACH_SECONDS
    with kernels:
        while True:
            try:
                wanted = f"{port} {kernels.fileno()} {FIRST_DEVICE + port} {HIGH_SPEED}"
                (CONTROLLER / "attach").write_text(wanted)
                return ours
            except OSError as error:
                if error.errno not in (errno.EBUSY, errno.EINVAL) or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)


class Cable:
    """Carries requests to the camera, and its answers and pictures to the kernel."""

    def __init__(self, end: socket.socket, camera: Webcam) -> None:
        self._end = end
        self._camera = camera
        self._received = b""
        self._waiting: deque[Waiting] = deque()
        self._payloads: deque[bytes] = deque()

    def run(self) -> None:
        """Until the kernel lets go."""
        while True:
            self._stream()
            streams = self._waiting and not self._camera.stalled and not self._payloads
            seconds = min(IDLE_SECONDS, self._camera.wait_seconds()) if streams else IDLE_SECONDS
            if select.select([self._end], [], [], seconds)[0]:
                received = self._end.recv(RECEIVE_BYTES)
                if not received:
                    return
                self._received += received
                while self._take():
                    pass

    def _stream(self) -> None:
        if self._waiting and not self._payloads:
            self._payloads.extend(self._camera.picture())
        while self._waiting and self._payloads:
            waiting = self._waiting.popleft()
            self._answer(waiting.sequence, self._payloads.popleft()[: waiting.length])

    def _take(self) -> bool:
        """Serve the oldest command that has come; returns whether there was a complete one."""
        if len(self._received) < HEADER.size:
            return False
        command, sequence, _, direction, endpoint, flags, length, *_, setup = HEADER.unpack_from(self._received)
        outbound = length if command == SUBMIT and direction != INBOUND else 0
        end = HEADER.size + outbound
        if len(self._received) < end:
            return False
        sent, self._received = self._received[HEADER.size : end], self._received[end:]
        if command == UNLINK:
            self._unlink(sequence, flags)
        elif endpoint == 0:
            self._control(sequence, Setup.parse(setup), sent)
        elif (endpoint, direction) == (uvc.ENDPOINT & 0xF, INBOUND):
            self._waiting.append(Waiting(sequence, length))
        else:
            self._answer(sequence, b"", -errno.EPIPE)
        return True

    def _control(self, sequence: int, request: Setup, sent: bytes) -> None:
        if request.kind == 0x02:  # the endpoint's halt is cleared: what was under way is void
            self._payloads.clear()
        answer = self._camera.control(request, sent)
        if answer is None:
            self._answer(sequence, b"", -errno.EPIPE)
        elif sent:
            self._answer(sequence, b"", length=len(sent))
        else:
            self._answer(sequence, answer[: request.length])

    def _unlink(self, sequence: int, unwanted: int) -> None:
        kept = deque(waiting for waiting in self._waiting if waiting.sequence != unwanted)
        status = -errno.ECONNRESET if len(kept) < len(self._waiting) else 0
        self._waiting = kept
        self._end.sendall(struct.pack(">5Ii24x", UNLINKED, sequence, 0, 0, 0, status))

    def _answer(self, sequence: int, data: bytes, status: int = 0, length: int | None = None) -> None:
        length = len(data) if length is None else length
        self._end.sendall(struct.pack(">5I5i8x", SUBMITTED, sequence, 0, 0, 0, status, length, 0, 0, 0) + data)
