"""Who is at the other end, with and without a proxy that is believed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from gateway.net.forwarded import HOST, PREFIX, Client, client_of


class Connection:
    """What Tornado tells of a connection."""

    class Context:
        remote_ip = ""
        protocol = "http"

    context = Context()


def request(peer: str, **headers: str) -> HTTPServerRequest:
    connection = Connection()
    connection.context.remote_ip = peer
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    made = HTTPServerRequest(
        headers=HTTPHeaders({"Host": "cam:8080", **named}),
        connection=connection,  # type: ignore[arg-type]
        start_line=RequestStartLine("GET", "/", "HTTP/1.1"),
    )
    return made


def who(made: HTTPServerRequest, *trusted: str) -> Client:
    """The client, without what else its request tells of the gateway."""
    return msgspec.structs.replace(client_of(made, trusted), forwarded=False, hosts=frozenset())


FORWARDED = {
    "X_Forwarded_For": "192.0.2.7",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "cam.example",
    "X_Forwarded_Prefix": "/cams",
}


def test_a_strangers_headers_mean_nothing() -> None:
    assert who(request("192.0.2.1", **FORWARDED), "127.0.0.1") == Client("192.0.2.1", "http", "cam:8080")
    assert who(request("127.0.0.1", **FORWARDED)) == Client("127.0.0.1", "http", "cam:8080")


@pytest.mark.parametrize("trusted", ["127.0.0.1", "127.0.0.0/8", "127.0.0.7/8"])
def test_a_trusted_proxy_is_believed(trusted: str) -> None:
    client = who(request("127.0.0.1", **FORWARDED), trusted)
    assert client == Client("192.0.2.7", "https", "cam.example", "/cams", through_proxy=True)


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("", "127.0.0.1"),
        ("192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7", "192.0.2.7"),
        ("192.0.2.7, 10.0.0.1", "192.0.2.7"),
        ("192.0.2.7, 10.0.0.1, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.3, 10.0.0.1", "10.0.0.3"),
        ("nonsense, 10.0.0.1", "10.0.0.1"),
        ("192.0.2.7, nonsense", "127.0.0.1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::1"),
        (", ".join(["6.6.6.6"] + ["10.0.0.1"] * 100), "10.0.0.1"),
    ],
)
def test_the_last_one_that_is_no_proxy_of_ours_is_the_client(hops: str, address: str) -> None:
    client = client_of(request("127.0.0.1", X_Forwarded_For=hops), ["127.0.0.1", "10.0.0.0/8"])
    assert client.address == address


@pytest.mark.parametrize(
    "prefix", ["cams", "//evil", "/a//b", "/a b", "/a\\b", "/../x", "/a/..", "/a;b", "/" + "x" * 300]
)
def test_what_is_no_plain_path_is_no_prefix(prefix: str) -> None:
    assert client_of(request("127.0.0.1", X_Forwarded_Prefix=prefix), ["127.0.0.1"]).prefix == ""


@pytest.mark.parametrize(("prefix", "found"), [("/cams/", "/cams"), ("/", ""), ("/a/b-c_1.2", "/a/b-c_1.2"), ("", "")])
def test_a_prefix(prefix: str, found: str) -> None:
    assert client_of(request("127.0.0.1", X_Forwarded_Prefix=prefix), ["127.0.0.1"]).prefix == found


texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)


@given(texts, texts, texts, texts)
def test_nothing_that_a_proxy_passes_on_can_do_harm(hops: str, scheme: str, host: str, prefix: str) -> None:
    client = client_of(
        request(
            "127.0.0.1",
            X_Forwarded_For=hops,
            X_Forwarded_Proto=scheme,
            X_Forwarded_Host=host,
            X_Forwarded_Prefix=prefix,
        ),
        ["127.0.0.1"],
    )
    assert client.scheme in ("http", "https")
    assert HOST.fullmatch(client.host)
    assert PREFIX.fullmatch(client.prefix)
    assert not client.prefix.endswith("/")
    assert ".." not in client.prefix.split("/")


TWO_PROXIES = ["127.0.0.1", "10.0.0.0/8"]


@pytest.mark.parametrize(
    ("hops", "hosts", "schemes", "host", "scheme"),
    [
        ("192.0.2.7, 10.0.0.1", "cam.example, inner:8080", "https, http", "cam.example", "https"),
        ("192.0.2.7", "forged.example, cam.example", "http, https", "cam.example", "https"),
        ("192.0.2.7, 10.0.0.1", "cam.example", "https", "cam.example", "https"),
        ("192.0.2.7, 10.0.0.1", "forged, cam.example, inner", "http, https, http", "cam.example", "https"),
        ("", "a.example, b.example", "https", "b.example", "https"),
    ],
)
def test_the_outermost_trusted_proxy_says_how_we_are_called(
    hops: str, hosts: str, schemes: str, host: str, scheme: str
) -> None:
    asked = request("127.0.0.1", X_Forwarded_For=hops, X_Forwarded_Host=hosts, X_Forwarded_Proto=schemes)
    client = client_of(asked, TWO_PROXIES)
    assert (client.host, client.scheme) == (host, scheme)


@pytest.mark.parametrize(
    ("value", "address", "scheme", "host"),
    [
        ("for=192.0.2.7;proto=https;host=cam.example", "192.0.2.7", "https", "cam.example"),
        ('For="192.0.2.7:4711" ; Proto=HTTPS; HOST="cam.example:8443"', "192.0.2.7", "https", "cam.example:8443"),
        ('for="[2001:db8::7]:4711"', "2001:db8::7", "http", "cam:8080"),
        ("for=6.6.6.6;host=forged, for=192.0.2.7;host=cam.example;by=10.0.0.1", "192.0.2.7", "http", "cam.example"),
        ("for=192.0.2.7;host=cam.example, for=10.0.0.1;host=inner", "192.0.2.7", "http", "cam.example"),
        ("for=_hidden", "127.0.0.1", "http", "cam:8080"),
        ("for=unknown;host=cam.example", "127.0.0.1", "http", "cam.example"),
        ('for="', "127.0.0.1", "http", "cam:8080"),
        (";;,,", "127.0.0.1", "http", "cam:8080"),
        ("nonsense", "127.0.0.1", "http", "cam:8080"),
    ],
)
def test_the_standard_header_is_understood(value: str, address: str, scheme: str, host: str) -> None:
    client = client_of(request("127.0.0.1", Forwarded=value), TWO_PROXIES)
    assert (client.address, client.scheme, client.host) == (address, scheme, host)


@pytest.mark.parametrize(
    ("hop", "address"),
    [("192.0.2.7:4711", "192.0.2.7"), ("[2001:db8::7]:4711", "2001:db8::7"), ("[2001:db8::7]", "2001:db8::7")],
)
def test_an_address_may_come_with_its_port(hop: str, address: str) -> None:
    assert client_of(request("127.0.0.1", X_Forwarded_For=hop), ["127.0.0.1"]).address == address


def test_a_port_is_the_proxys_own() -> None:
    asked = request("127.0.0.1", X_Forwarded_Host="cam.example", X_Forwarded_Port="8443")
    assert client_of(asked, ["127.0.0.1"]).host == "cam.example:8443"
    asked = request("127.0.0.1", X_Forwarded_Host="cam.example", X_Forwarded_Port="nonsense")
    assert client_of(asked, ["127.0.0.1"]).host == "cam.example"


@given(texts)
def test_no_forwarded_header_does_harm(value: str) -> None:
    client = client_of(request("127.0.0.1", Forwarded=value), ["127.0.0.1"])
    assert HOST.fullmatch(client.host)
    assert client.scheme in ("http", "https")
