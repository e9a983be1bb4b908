"""Logins of cameras over HTTP and RTSP: parses challenges, and answers with Digest (RFC 7616) or Basic (RFC 7617).

urllib knows neither SHA-256 nor several challenges in one answer, and the clients that do (requests, httpx) bring a
transport of their own, which RTSP cannot use.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable

import msgspec

DIGESTS: dict[str, Callable[[bytes], str]] = {
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
"""The strongest first."""

_ITEM = re.compile(
    r"""[\s,]*(?:
    (?P<key>[\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"?|(?P<bare>[^\s,"]+))
    |(?P<scheme>[A-Za-z][\w-]*)(?:[ ]+[\w.~+/-]+=*(?=\s*(?:,|$)))?
    )""",
    re.VERBOSE | re.ASCII,
)


class Challenge(msgspec.Struct, frozen=True):
    """One way to log in that the camera offers."""

    scheme: str
    """In lower case, such as "digest"."""
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    """Its parameters, their names in lower case."""

    @property
    def algorithm(self) -> str:
        """The digest's algorithm, without `-sess`."""
        return self.fields.get("algorithm", "MD5").upper().removesuffix("-SESS")

    @property
    def rank(self) -> int:
        """How good it is, 0 the best; negative where it cannot be answered."""
        if self.scheme == "basic":
            return len(DIGESTS)
        qop = self.fields.get("qop")
        known = "nonce" in self.fields and (qop is None or "auth" in _list(qop))
        if self.scheme != "digest" or self.algorithm not in DIGESTS or not known:
            return -1
        return list(DIGESTS).index(self.algorithm)


def challenges(headers: list[str]) -> list[Challenge]:
    """All that the values of WWW-Authenticate headers offer; several may stand in one line."""
    offered: list[Challenge] = []
    for header in headers:
        for item in _ITEM.finditer(header):
            if item["scheme"]:
                offered.append(Challenge(item["scheme"].lower()))
            elif offered:
                quoted = item["quoted"]
                value = item["bare"] or "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                offered[-1].fields.setdefault(item["key"].lower(), value)
    return offered


def best(offered: list[Challenge]) -> Challenge | None:
    """The strongest that can be answered; None when there is none."""
    return min((challenge for challenge in offered if challenge.rank >= 0), key=lambda one: one.rank, default=None)


class Login:
    """A user and password, and the challenge that they answer."""

    def __init__(
        self, user: str, password: str, challenge: Challenge, nonce_of_client: Callable[[], str] | None = None
    ) -> None:
        """`nonce_of_client` makes the random value of each answer."""
        self._user = user
        self._password = password
        self._challenge = challenge
        self._nonce_of_client = nonce_of_client or (lambda: secrets.token_hex(16))
        self._count = 0

    def header(self, method: str, uri: str) -> str:
        """The value of the Authorization header for one request; `uri` as its request line has it."""
        if self._challenge.scheme == "basic":
            return f"Basic {base64.b64encode(f'{self._user}:{self._password}'.encode()).decode()}"
        return self._digest(method, uri)

    def _digest(self, method: str, uri: str) -> str:
        """RFC 7616, section 3.4; without qop as RFC 2069 has it, which cheap cameras still speak."""
        given = self._challenge.fields
        realm, nonce = given.get("realm", ""), given["nonce"]
        client_nonce = self._nonce_of_client()
        self._count += 1
        count = f"{self._count:08x}"
        algorithm = given.get("algorithm")
        secret = self._hash(self._user, realm, self._password)
        if algorithm is not None and algorithm.upper().endswith("-SESS"):
            secret = self._hash(secret, nonce, client_nonce)
        asked = self._hash(method, uri)
        fields = [("username", self._user), ("realm", realm), ("nonce", nonce), ("uri", uri)]
        if "qop" in given:
            response = self._hash(secret, nonce, count, client_nonce, "auth", asked)
            more = f', qop=auth, nc={count}, cnonce="{client_nonce}"'
        else:
            response, more = self._hash(secret, nonce, asked), f', cnonce="{client_nonce}"' if algorithm else ""
        if algorithm is not None:
            more += f", algorithm={algorithm}"
        if "opaque" in given:
            fields.append(("opaque", given["opaque"]))
        fields.append(("response", response))
        return "Digest " + ", ".join(f'{key}="{_escaped(value)}"' for key, value in fields) + more

    def _hash(self, *parts: str) -> str:
        return DIGESTS[self._challenge.algorithm](":".join(parts).encode())


def _list(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",")]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
