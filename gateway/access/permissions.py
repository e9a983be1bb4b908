"""What a path asks of who calls it. Each route names one; see gateway.http.routes."""

from dataclasses import dataclass

from framebus.credentials.accounts import Scope

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The scope that reading takes, and the one that changing takes; None is open to everybody."""

    read: Scope | None
    write: Scope | None
    asks: bool = True
    """Whether it matters who it is at all: where not, a wrong password or token is none of ours."""

    def of(self, method: str) -> Scope | None:
        """The scope for a method."""
        return self.read if method in READING else self.write


PUBLIC = Permission(None, None, asks=False)
WHOEVER = Permission(None, None)
"""Open to everybody as well, but not the same for each."""
VIEW = Permission("view", "admin")
SNAPSHOT = Permission("snapshot", "admin")
CONTROLS = Permission("view", "control")
ADMIN = Permission("admin", "admin")
