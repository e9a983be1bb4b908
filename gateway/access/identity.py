"""The identity of a client, and what it may do."""

import math
from typing import Any, Literal

import msgspec

from framebus.credentials.accounts import SCOPES, Scope
from gateway.access.sessions import TOKEN_SESSION


class Identity(msgspec.Struct, frozen=True):
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
    expires: float = math.inf
    """When the session ends, in Unix seconds. The last field: it does not count in comparisons."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[Any, ...]:
        return msgspec.structs.astuple(self)[:-1]

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
