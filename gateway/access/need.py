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

    def of(self, method: str) -> Scope | None:
        """The scope for a method."""
        return self.read if method in READING else self.write


PUBLIC = Need(None, None)
VIEW = Need("view", "admin")
SNAPSHOT = Need("snapshot", "admin")
CONTROLS = Need("view", "control")
ADMIN = Need("admin", "admin")
