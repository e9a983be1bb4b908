"""The URL of a camera: what a request contains, and which part may be shown."""

import re
from urllib.parse import quote, unquote, urlsplit

import msgspec

from framebus.errors import FramebusError

_LOGIN = re.compile(r"(?<=://)[^/?#]*@")
_ADDRESS = re.compile(r"://(\[[^/?#]*\]|[^/?#:]*)(:\d*)?([/?#]|$)")
_UNTOUCHED = "%/:?#[]@!$&'()*+,;=~-._"
"""RFC 3986, sections 2.2 and 2.3, and the % of what is encoded already."""


class UrlError(FramebusError, ValueError):
    """What is wrong with a URL; the text does not quote it."""


class MediaUrl(msgspec.Struct, frozen=True):
    """A URL taken apart as far as framebus needs it."""

    text: str
    """As the configuration has it, login and all: for FFmpeg, never for people."""
    scheme: str
    host: str
    """Empty where the scheme has none."""
    login: tuple[str, str] | None
    """User and password."""
    port: int | None = None
    """None where the URL does not say."""

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
            port = parts.port
        except ValueError as error:
            raise UrlError("its address cannot be read") from error
        return cls(text, parts.scheme.lower(), host, login, port)

    @property
    def without_login(self) -> str:
        """For a request that carries the login in its headers; what URLs may not hold is percent-encoded."""
        scheme, address, rest = _parts(_without_login(self.text).partition("#")[0])
        return f"{scheme}://{address}{quote(rest, safe=_UNTOUCHED)}"

    def with_login_of(self, other: "MediaUrl") -> "MediaUrl":
        """The same URL with the login of another."""
        match = _LOGIN.search(other.text)
        scheme, separator, rest = _without_login(self.text).partition("://")
        return MediaUrl.parse(f"{scheme}{separator}{match[0] if match else ''}{rest}")

    def at(self, host: str, port: int) -> str:
        """The text with another address in it, login and all."""
        match = _LOGIN.search(self.text)
        scheme, _, rest = _parts(_without_login(self.text))
        return f"{scheme}://{match[0] if match else ''}{host}:{port}{rest}"

    @property
    def path_and_query(self) -> str:
        """What a request line of HTTP asks for."""
        rest = quote(_parts(_without_login(self.text).partition("#")[0])[2], safe=_UNTOUCHED)
        return rest if rest.startswith("/") else f"/{rest}"


def _without_login(text: str) -> str:
    return _LOGIN.sub("", text, count=1)


def _parts(url: str) -> tuple[str, str, str]:
    scheme, _, rest = url.partition("://")
    address = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return scheme, address, rest[len(address) :]
