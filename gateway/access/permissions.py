"""The scope that each route requires. gateway.http.routes assigns them."""

import msgspec

from framebus.credentials.accounts import Scope

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class Permission(msgspec.Struct, frozen=True):
    """The scopes required for reading and for changing; None requires none."""

    read: Scope | None
    write: Scope | None
    identifies_client: bool = True
    """Whether the client is identified at all. If not, a wrong password or token is ignored."""

    def required_scope(self, method: str) -> Scope | None:
        """The scope required for an HTTP method."""
        return self.read if method in SAFE_METHODS else self.write


PUBLIC = Permission(None, None, identifies_client=False)
ANYONE = Permission(None, None)
"""Open to every client; the answer depends on its identity."""
VIEW = Permission("view", "admin")
SNAPSHOT = Permission("snapshot", "admin")
RECORDINGS = Permission("recordings", "admin")
RECORDINGS_CONTROL = Permission("recordings", "control")
RECORDINGS_EXPORT = Permission("recordings", "recordings")
CONTROLS = Permission("view", "control")
ADMIN = Permission("admin", "admin")
