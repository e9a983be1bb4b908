"""What an identity may do and see."""

import pytest

from framebus.credentials.accounts import SCOPES, Scope
from gateway.access.identity import LOCAL, UNAUTHENTICATED, Identity


@pytest.mark.parametrize("held", SCOPES)
@pytest.mark.parametrize("asked", SCOPES)
def test_a_scope_includes_no_other_except_admin(held: Scope, asked: Scope) -> None:
    identity = Identity("token", "t", frozenset([held]))
    assert identity.may(asked) == (held in (asked, "admin"))


def test_what_requires_no_scope_is_open_to_every_client() -> None:
    assert UNAUTHENTICATED.may(None)
    assert LOCAL.may(None)


@pytest.mark.parametrize("scope", SCOPES)
def test_only_a_local_client_has_every_scope_without_credentials(scope: Scope) -> None:
    assert LOCAL.may(scope)
    assert not UNAUTHENTICATED.may(scope)


def test_without_a_list_it_sees_all_cameras_and_with_an_empty_one_none() -> None:
    assert Identity("user").sees("front")
    assert not Identity("user", cameras=frozenset()).sees("front")
    back = Identity("user", cameras=frozenset(["back"]))
    assert (back.sees("back"), back.sees("front"), back.sees("")) == (True, False, False)


def test_admin_sees_no_camera_beyond_its_list() -> None:
    assert not Identity("user", scopes=frozenset(["admin"]), cameras=frozenset(["back"])).sees("front")


def test_a_renewed_session_is_the_same_client_and_a_new_password_another() -> None:
    identity = Identity("user", "anna", fingerprint="p", session="s", expires=1.0)
    assert identity == Identity("user", "anna", fingerprint="p", session="s", expires=2.0)
    assert hash(identity) == hash(Identity("user", "anna", fingerprint="p", session="s", expires=2.0))
    assert identity != Identity("user", "anna", fingerprint="q", session="s", expires=1.0)
    assert identity != Identity("user", "anna", fingerprint="p", session="t", expires=1.0)
