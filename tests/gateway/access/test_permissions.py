"""The scope that a method requires."""

import pytest

from gateway.access.permissions import ANYONE, CONTROLS, PUBLIC, SNAPSHOT, VIEW, Permission


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_method_that_changes_nothing_requires_the_scope_for_reading(method: str) -> None:
    assert [permission.required_scope(method) for permission in (VIEW, SNAPSHOT, CONTROLS)] == [
        "view",
        "snapshot",
        "view",
    ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND", "get", ""])
def test_any_other_method_requires_the_scope_for_changing(method: str) -> None:
    assert [permission.required_scope(method) for permission in (VIEW, SNAPSHOT, CONTROLS)] == [
        "admin",
        "admin",
        "control",
    ]


@pytest.mark.parametrize("permission", [PUBLIC, ANYONE])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_open_requires_nothing(permission: Permission, method: str) -> None:
    assert permission.required_scope(method) is None


def test_only_a_public_path_does_not_identify_the_client() -> None:
    assert [permission.identifies_client for permission in (PUBLIC, ANYONE, VIEW)] == [False, True, True]
