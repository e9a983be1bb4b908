"""Somebody who asks, and what they may."""

import math
from dataclasses import dataclass, field
from typing import Literal

from framebus.credentials.accounts import SCOPES, Scope


@dataclass(frozen=True, slots=True)
class Identity:
    """Frozen at the moment of the request; whether it still holds later is for gateway.access.access to say."""

    kind: Literal["nobody", "local", "anonymous", "user", "token"]
    """`local` is everybody on this machine, where nobody was ever given a password."""
    name: str = ""
    scopes: frozenset[Scope] = frozenset()
    cameras: frozenset[str] | None = None
    """The only ones that there are for this one; None for all."""
    proof: str = ""
    """The stored hash by which it was known: another password or token is somebody else."""
    session: str = ""
    """The session of its cookie; empty without one."""
    until: float = field(default=math.inf, compare=False)
    """Unix seconds at which that ends."""

    def may(self, scope: Scope | None) -> bool:
        """Whether it has the scope, on whichever camera."""
        return scope is None or scope in self.scopes or "admin" in self.scopes

    def sees(self, camera: str) -> bool:
        """Whether the camera is there for it."""
        return self.cameras is None or camera in self.cameras


NOBODY = Identity("nobody")
LOCAL = Identity("local", scopes=frozenset(SCOPES))
