import pytest

from gateway.net.errors import cors, wants_json


@pytest.mark.parametrize(
    ("path", "accept", "json"),
    [
        ("/stream", "", False),
        ("/stream", "image/*,*/*;q=0.8", False),
        ("/stream", "application/json", True),
        ("/stream", "text/html, application/json;q=0.9", True),
        ("/api/cameras", "", True),
    ],
)
def test_json_is_for_those_who_ask(path: str, accept: str, json: bool) -> None:
    assert wants_json(path, accept) is json


@pytest.mark.parametrize(
    ("allowed", "origin", "headers"),
    [
        ([], "https://home.example", {}),
        (["*"], None, {"Access-Control-Allow-Origin": "*"}),
        (["https://home.example"], None, {"Vary": "Origin"}),
        (["https://home.example"], "https://evil.example", {"Vary": "Origin"}),
        (
            ["https://home.example"],
            "https://home.example",
            {"Vary": "Origin", "Access-Control-Allow-Origin": "https://home.example"},
        ),
    ],
)
def test_only_scripts_of_the_sites_that_are_named_may_read(
    allowed: list[str], origin: str | None, headers: dict[str, str]
) -> None:
    assert cors(allowed, origin) == headers
