"""What a path asks of who calls it. Each route names one; see gateway.routes."""

from dataclasses import dataclass

from framebus.people import Scope

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


@dataclass(frozen=True, slots=True)
class Need:
    """The scope that reading takes, and the one that changing takes; None is open to everybody."""

    read: Scope | None
    write: Scope | None
    asks: bool = True
    """Whether it matters who it is at all: where not, a wrong password or token is none of ours."""

    def of(self, method: str) -> Scope | None:
        """The scope for a method."""
        return self.read if method in READING else self.write


PUBLIC = Need(None, None, asks=False)
WHOEVER = Need(None, None)
"""Open to everybody as well, but not the same for each."""
VIEW = Need("view", "admin")
SNAPSHOT = Need("snapshot", "admin")
CONTROLS = Need("view", "control")
ADMIN = Need("admin", "admin")
