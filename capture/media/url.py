"""The URL of a camera: what is asked with it, and what of it may be shown. Logins and secrets stay out of every log."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from framebus.errors import FramebusError

SECRET_KEYS = ("password", "passwd", "pass", "pwd", "loginpas", "token", "key", "auth")
"""Query keys whose values are hidden; `loginpas` is what cameras with a GoAhead server ask for."""

_SECRET = re.compile(rf"([?&](?:{'|'.join(SECRET_KEYS)})=)[^&#]*", re.IGNORECASE)
_LOGIN = re.compile(r"(?<=://)[^/?#]*@")
_ADDRESS = re.compile(r"://(\[[^/?#]*\]|[^/?#:]*)(:\d*)?([/?#]|$)")
_BROKEN_LOGIN = re.compile(r"(?<=://).*@", re.DOTALL)
_UNTOUCHED = "%/:?#[]@!$&'()*+,;=~-._"
"""RFC 3986, sections 2.2 and 2.3, and the % of what is encoded already."""


class UrlError(FramebusError, ValueError):
    """What is wrong with a URL; the text does not quote it."""


@dataclass(frozen=True, slots=True)
class MediaUrl:
    """A URL taken apart as far as framebus needs it."""

    text: str
    """As the configuration has it, login and all: for FFmpeg, never for people."""
    scheme: str
    host: str
    """Empty where the scheme has none."""
    login: tuple[str, str] | None
    """User and password."""

    @classmethod
    def parse(cls, text: str) -> "MediaUrl":
        """Raises UrlError."""
        if any(letter < " " or letter == "\x7f" for letter in text):
            raise UrlError("it holds a control character")
        if not _ADDRESS.search(_without_login(text)):
            raise UrlError("a port is a number, and @ / ? # : within a login are written %40 %2F %3F %23 %3A")
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
            login = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
            _ = parts.port
        except ValueError as error:
            raise UrlError("its address cannot be read") from error
        return cls(text, parts.scheme.lower(), host, login)

    @property
    def without_login(self) -> str:
        """For a request that carries the login in its headers; what URLs may not hold is percent-encoded."""
        scheme, address, rest = _parts(_without_login(self.text).partition("#")[0])
        return f"{scheme}://{address}{quote(rest, safe=_UNTOUCHED)}"

    @property
    def root(self) -> str:
        """The server's own address: where the login is valid."""
        scheme, address, _ = _parts(_without_login(self.text))
        return f"{scheme}://{address}/"


def shown(text: str) -> str:
    """A URL as people may see it; also one that cannot be read."""
    bare = _without_login(text)
    if not _ADDRESS.search(bare):  # a login with a / in it, perhaps: rather too little than too much
        bare = _BROKEN_LOGIN.sub("", text)
    return _SECRET.sub(r"\1***", bare)


def _without_login(text: str) -> str:
    return _LOGIN.sub("", text, count=1)


def _parts(url: str) -> tuple[str, str, str]:
    scheme, _, rest = url.partition("://")
    address = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return scheme, address, rest[len(address) :]
