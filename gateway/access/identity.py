"""The identity of a client, and what it may do."""

import math
from dataclasses import dataclass, field
from typing import Literal

from framebus.credentials.accounts import SCOPES, Scope
from gateway.access.sessions import TOKEN_SESSION


@dataclass(frozen=True, slots=True)
class Identity:
    """A client as it was at the request. `Access.is_still_valid` tells whether it still holds."""

    kind: Literal["unauthenticated", "local", "anonymous", "user", "token"]
    """`local` is any client on this machine, while there are no accounts."""
    name: str = ""
    scopes: frozenset[Scope] = frozenset()
    cameras: frozenset[str] | None = None
    """The cameras it may see; None for all."""
    fingerprint: str = ""
    """Changes with the password or token."""
    session: str = ""
    """The id of its login session; empty without one."""
    expires: float = field(default=math.inf, compare=False)
    """When the session ends, in Unix seconds."""

    @property
    def account(self) -> str:
        """What its session is called; see gateway.access.sessions."""
        return f"{TOKEN_SESSION}{self.name}" if self.kind == "token" else self.name

    def may(self, scope: Scope | None) -> bool:
        """Whether it has the scope."""
        return scope is None or scope in self.scopes or "admin" in self.scopes

    def sees(self, camera: str) -> bool:
        """Whether it may see the camera."""
        return self.cameras is None or camera in self.cameras


UNAUTHENTICATED = Identity("unauthenticated")
LOCAL = Identity("local", scopes=frozenset(SCOPES))
