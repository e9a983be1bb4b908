"""Two machines in one: network namespaces, and a cable between them that can be pulled. For tests marked `root`."""

import secrets
import subprocess
from types import TracebackType
from typing import Self

from tests.programs import need

ADDRESSES = ("192.0.2.1", "192.0.2.2")
"""TEST-NET-1 (RFC 5737). Nobody else sees them: they are in the namespaces alone."""
CABLE = "cable"
"""What both machines call their end of it."""


def ip(*arguments: str) -> None:
    """Run ip(8)."""
    subprocess.run([need("ip"), *arguments], check=True, capture_output=True)


class Network:
    """Two machines, each with its own network, from `__enter__` to `__exit__`."""

    def __init__(self) -> None:
        run = secrets.token_hex(4)
        self.names = [f"framebus-{run}-{end}" for end in ("camera", "desk")]

    def inside(self, end: int, *command: str) -> tuple[str, ...]:
        """The command, as it is run on a machine: 0 or 1."""
        return (need("ip"), "netns", "exec", self.names[end], *command)

    def cut(self) -> None:
        """Pull the cable; the machine at end 1 is not told, but for silence."""
        ip("-n", self.names[0], "link", "set", CABLE, "down")

    def mend(self) -> None:
        """Put it back."""
        ip("-n", self.names[0], "link", "set", CABLE, "up")

    def __enter__(self) -> Self:
        try:
            for name in self.names:
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "lo", "up")
            near, far = self.names
            ip("link", "add", CABLE, "netns", near, "type", "veth", "peer", "name", CABLE, "netns", far)
            for name, address in zip(self.names, ADDRESSES, strict=True):
                ip("-n", name, "address", "add", f"{address}/30", "dev", CABLE)
                ip("-n", name, "link", "set", CABLE, "up")
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        """The cable goes with the namespaces."""
        for name in self.names:
            subprocess.run([need("ip"), "netns", "delete", name], check=False, capture_output=True)
