"""The OpenAPI document: it describes every path and method of the route table, and no other."""

import json

import pytest

from framebus import __version__
from gateway.access.permissions import ADMIN, VIEW
from gateway.http.openapi import OPERATIONS, document
from gateway.http.operation import Operation
from gateway.http.routes import TABLE
from tests.gateway.conftest import Site

UNDESCRIBED = {"head", "options"}
"""Every path has these; describing them would say nothing."""
ALIASES = {("/api/cameras/([^/]+)/controls", "post")}
"""The same as PATCH, for clients that cannot send it."""


def test_every_path_and_method_is_described_and_no_other() -> None:
    served = {
        (pattern, method.lower())
        for pattern, handler, _ in TABLE
        for method in handler.SUPPORTED_METHODS or ()
        if getattr(handler, method.lower()) is not getattr(handler.__mro__[-2], method.lower(), None)
        and getattr(handler, method.lower()).__name__ != "_unimplemented_method"
    }
    described = {(pattern, method) for pattern, methods in OPERATIONS.items() for method in methods}
    assert {(pattern, method) for pattern, method in served if method not in UNDESCRIBED} - ALIASES == described


def test_an_alternative_is_a_path_of_its_own_and_a_group_a_parameter() -> None:
    paths = document({pattern: permission for pattern, _, permission in TABLE}, "1", ["front"])["paths"]
    assert {"/stream", "/live.jpg", "/snapshot", "/pi.jpg", "/camera/{camera}/clip.{format}"} <= set(paths)
    assert not [path for path in paths if "(" in path]
    parameters = paths["/camera/{camera}/clip.{format}"]["get"]["parameters"]
    assert [each["name"] for each in parameters if each["in"] == "path"] == ["camera", "format"]
    assert [each["schema"]["enum"] for each in parameters if each["in"] == "path"] == [["front"], ["mjpg", "avi"]]


def test_what_a_permission_requires_is_described() -> None:
    described = document({"/metrics": ADMIN, "/state": VIEW}, "1", ["front"])["paths"]
    assert described["/metrics"]["get"]["description"] == "Needs the scope admin."
    assert {"401", "403", "429"} <= set(described["/state"]["get"]["responses"])


def test_the_parameters_of_a_still_are_those_of_the_wire_format() -> None:
    names = {each["name"] for each in OPERATIONS["/camera/([^/]+)/snapshot.jpg"]["get"].query}
    assert names >= {"max_age", "fresh", "settle", "timeout", "width", "height", "quality", "at", "ago", "full"}
    assert not names & {"v", "camera"}


@pytest.mark.parametrize(
    "path", ["/camera/([^/]+)/stream.mjpg", "/camera/([^/]+)/ws", "/(?:stream|stream.mjpg|live.jpg)"]
)
def test_the_parameters_of_a_stream_are_described_with_their_limits(path: str) -> None:
    query = {each["name"]: each["schema"] for each in OPERATIONS[path]["get"].query}
    assert query.keys() == {"width", "fps"} | (set() if path.endswith("ws") else {"adapt"})
    assert "from 1 to 65535" in str(query["width"])


def test_an_operation_without_content_has_none() -> None:
    assert Operation("nothing").content == {}


async def test_it_is_served(site: Site) -> None:
    answer = await site.get("/api/openapi.json")
    described = json.loads(answer.body)
    assert (answer.code, described["openapi"], described["info"]["version"]) == (200, "3.1.0", __version__)
    assert answer.headers["Content-Type"].startswith("application/json")
