"""Refuses requests that pages of other sites make a browser send, and says which setting allows them."""

import msgspec
from tornado.httputil import HTTPServerRequest

from gateway.access.identity import Identity
from gateway.access.permissions import SAFE_METHODS
from gateway.net.errors import HttpError
from gateway.net.forwarded import Client
from gateway.net.origin import DEFAULT_PORTS, is_listed, parse_host, parse_origin
from gateway.net.own_names import is_own_name

WITHOUT_CREDENTIALS = ("token", "local", "anonymous")
"""Kinds of clients whose browser adds no cookie or password by itself."""
BY_LOCATION = ("local", "anonymous")
"""Kinds of clients that need no credentials."""


class OriginCheck(msgspec.Struct, frozen=True):
    """The rules for requests of other sites' pages."""

    port: int
    """Where the gateway listens."""
    allow_origins: list[str]
    allow_hosts: list[str]

    def check(self, request: HTTPServerRequest, client: Client, identity: Identity) -> None:
        """Check the origin of a request that changes something, or opens a websocket (which browsers let pages read).

        Raises:
            HttpError: 403, when it comes from another site's page.
        """
        is_websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        if request.method in SAFE_METHODS and not is_websocket:
            return
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site == "same-origin":  # only the browser itself can set this header
            return
        origin = request.headers.get("Origin") or request.headers.get("Sec-Websocket-Origin")
        if origin is None:
            if site != "none":
                raise HttpError(403, "other-origin", "a page of another site may not do this")
            return
        allowed = self.allow_origins
        # A browser adds a person's cookie or password by itself, and logs in only on our own pages.
        sends_none = identity.kind in WITHOUT_CREDENTIALS and not identity.session
        if is_listed(origin, allowed) or ("*" in allowed and sends_none):
            return
        parsed = parse_origin(origin)
        if parsed is None or not client.is_same_origin(parsed, self._port_may_be_missing(client, site)):
            raise HttpError(403, "other-origin", self._explanation(request, client, origin))

    def check_host(self, client: Client, identity: Identity) -> None:
        """Check the name by which a client calls us that shows no credentials, against DNS rebinding.

        Raises:
            HttpError: 403, when it is neither a name of this machine nor one of allow_hosts and allow_origins.
        """
        if identity.kind not in BY_LOCATION or (client.through_proxy and not self.allow_hosts):
            return
        parsed = parse_host(client.host)
        listed = [origin.host for origin in map(parse_origin, self.allow_origins) if origin is not None]
        if parsed is not None and is_own_name(parsed.host, [*self.allow_hosts, *listed]):
            return
        name = parsed.host if parsed is not None else client.host
        raise HttpError(
            403,
            "other-host",
            f"{name[:100]!a} is not a name of this machine; to use it, add it to allow_hosts in [gateway], or the "
            "address of the proxy that passes it on to trusted_proxies",
        )

    def _port_may_be_missing(self, client: Client, site: str) -> bool:
        """Whether something between the browser and us may have dropped the port.

        A browser that connects to us directly leaves out only the default port of the scheme. A browser that sends
        Sec-Fetch-Site has said already that this is another origin.
        """
        return site == "none" and (client.through_proxy or self.port not in DEFAULT_PORTS.values())

    def _explanation(self, request: HTTPServerRequest, client: Client, origin: str) -> str:
        found = f"a page of {origin[:100]!a} may not do this: the gateway was called as {client.host[:100]!a}"
        if parse_origin(origin) is None:
            return found
        allow = f'allow_origins = ["{origin[:100]}"] in [gateway]'
        if client.forwarded and not client.through_proxy:
            peer = request.remote_ip or ""
            trust = f'trusted_proxies = ["{peer}"] in [gateway]'
            return f"{found}; if {peer} is your proxy, add {trust}; to allow another site, add {allow}"
        return (
            f"{found}; behind a proxy, let it pass on the name with its port (nginx: proxy_set_header Host $http_host; "
            f"Apache: ProxyPreserveHost On); to allow another site, add {allow}"
        )
