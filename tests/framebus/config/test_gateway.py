"""The [gateway] table: the limits of each key, and what the error text says beyond them."""

from typing import Any

import pytest

from framebus.config.gateway import GatewayConfig
from framebus.config.strict_toml import ConfigProblems, convert_table


def problems(table: dict[str, Any]) -> list[str]:
    """Read a table; return its problems."""
    noted = ConfigProblems("framebus.toml")
    convert_table(table, GatewayConfig, "gateway", noted)
    return noted.lines


@pytest.mark.parametrize(
    ("key", "accepted", "refused", "allowed"),
    [
        ("session_days", [0.001, 3650], [0, 3651], "days, more than 0 and at most 3650"),
        ("max_viewers", [1, 100_000], [0, 100_001, 1.5], "a whole number from 1 to 100000"),
        ("max_connections", [1, 100_000], [0, 100_001], "a whole number from 1 to 100000"),
        ("max_per_address", [1, 100_000], [0, 100_001], "a whole number from 1 to 100000"),
        ("max_request_kb", [1, 16_384], [0, 16_385], "KB, a whole number from 1 to 16384"),
        ("request_timeout", [1, 3600], [0.99, 3601], "seconds, at least 1 and at most 3600"),
        ("stills_per_second", [0.001, 10_000], [0, 10_001], "requests a second, more than 0 and at most 10000"),
        ("snapshot_timeout", [0.001, 60], [0, 60.5], "seconds, more than 0 and at most 60"),
        ("workers", [1, 32], [0, 33, True], "a whole number from 1 to 32"),
        ("tls_cert", ["/etc/cert.pem"], [1, True], "the path of a PEM file"),
        ("tls_key", ["/etc/key.pem"], [1, ["/etc/key.pem"]], "the path of a PEM file"),
        ("allow_anonymous", [True, False], [1, "true"], "true or false"),
    ],
)
def test_a_key_has_these_limits(key: str, accepted: list[Any], refused: list[Any], allowed: str) -> None:
    for value in accepted:
        assert problems({key: value}) == []
    for value in refused:
        (problem,) = problems({key: value})
        assert problem.startswith(f"framebus.toml: gateway.{key}: found ")
        assert problem.endswith(f"; allowed: {allowed}")


@pytest.mark.parametrize("scopes", [["view"], ["view", "snapshot", "recordings", "control", "admin"], []])
def test_anonymous_scopes_are_a_list_of_scopes(scopes: list[str]) -> None:
    assert problems({"anonymous_scopes": scopes}) == []


@pytest.mark.parametrize("scopes", [["watch"], "view", ["View"], [1]])
def test_any_other_scope_is_refused_with_those_that_exist(scopes: Any) -> None:
    (problem,) = problems({"anonymous_scopes": scopes})
    assert problem.endswith('; allowed: a list of "view", "snapshot", "recordings", "control" and "admin"')


ORIGINS = ["*", "https://home.example", "http://10.0.0.7:8123", "http://[::1]:80", "https://a-b_c.example"]
NO_ORIGINS = ["", "home.example", "ftp://home.example", "https://", "https://a/b", "https://a ", "https://a\n", "**"]


@pytest.mark.parametrize("key", ["allow_frames", "allow_origins"])
def test_an_origin_is_a_scheme_a_host_and_a_port(key: str) -> None:
    assert problems({key: ORIGINS}) == []
    for origin in NO_ORIGINS:
        assert problems({key: ["https://home.example", origin]}) == [
            f"framebus.toml: gateway.{key}: found a list; "
            'allowed: a list of origins such as ["https://home.example"]; ["*"] is every one'
        ], origin


def test_a_wildcard_in_a_host_is_allowed_for_frames_alone() -> None:
    assert problems({"allow_frames": ["https://*.home.example"]}) == []
    assert len(problems({"allow_origins": ["https://*.home.example"]})) == 1


@pytest.mark.parametrize("host", ["*", "cam.example", "*.example", "10.0.0.7", "my_cam-2"])
def test_a_host_name_is_allowed_with_or_without_a_wildcard(host: str) -> None:
    assert problems({"allow_hosts": [host]}) == []


@pytest.mark.parametrize("host", ["", "cam.example:80", "http://cam", "a.*.b", "*cam", "c\u00e4m", "cam\n", "a b"])
def test_any_other_host_name_is_refused_with_examples(host: str) -> None:
    assert problems({"allow_hosts": [host]}) == [
        "framebus.toml: gateway.allow_hosts: found a list; "
        'allowed: a list of host names such as ["cam.example"]; "*.example" covers a domain, "*" all'
    ]
