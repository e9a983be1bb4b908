"""One-time links: opened once, for a while, and stored as hashes."""

import concurrent.futures
import json
import re
from pathlib import Path

import pytest

from framebus.credentials import links
from framebus.credentials.links import FILE_NAME, MAX_LINKS, PATTERN, TooManyLinksError


def test_a_link_is_opened_once(tmp_path: Path) -> None:
    secret = links.make(tmp_path, "user", "anna", "f" * 32)
    assert re.fullmatch(PATTERN, secret)
    assert secret not in (tmp_path / FILE_NAME).read_text()
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600

    assert links.redeem(tmp_path, "x" * 22) is None
    found = links.redeem(tmp_path, secret)
    assert found is not None
    assert (found.kind, found.name, found.fingerprint) == ("user", "anna", "f" * 32)
    assert links.redeem(tmp_path, secret) is None


@pytest.mark.medium
def test_of_many_that_open_it_at_once_one_is_let_in(tmp_path: Path) -> None:
    secret = links.make(tmp_path, "token", "tv", "f")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: links.redeem(tmp_path, secret), range(16)))
    assert sum(link is not None for link in found) == 1


def test_it_ends_with_its_time(tmp_path: Path) -> None:
    secret = links.make(tmp_path, "user", "anna", "f", minutes=15, now=lambda: 1000.0)
    assert links.redeem(tmp_path, secret, now=lambda: 1000.0 + 15 * 60) is None
    late = links.make(tmp_path, "user", "anna", "f", minutes=10**9, now=lambda: 1000.0)
    assert links.redeem(tmp_path, late, now=lambda: 1000.0 + 86_401) is None


def test_there_are_so_many_at_most_and_old_ones_do_not_count(tmp_path: Path) -> None:
    for _ in range(MAX_LINKS):
        links.make(tmp_path, "user", "anna", "f", now=lambda: 1000.0)
    with pytest.raises(TooManyLinksError, match="at most 20"):
        links.make(tmp_path, "user", "anna", "f", now=lambda: 1000.0)
    assert len(links.pending(tmp_path, now=lambda: 1000.0)) == MAX_LINKS
    links.make(tmp_path, "user", "anna", "f", now=lambda: 5000.0)
    assert len(links.pending(tmp_path, now=lambda: 5000.0)) == 1


def test_without_a_file_there_are_none_and_none_is_made(tmp_path: Path) -> None:
    assert links.redeem(tmp_path, "x" * 22) is None
    assert links.pending(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_list_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(json.dumps({"links": {"a": {"kind": "root"}}}))
    file.chmod(0o600)
    assert links.pending(tmp_path) == []


@pytest.mark.root
def test_a_folder_that_root_makes_belongs_to_the_service(tmp_path: Path) -> None:
    """Else the service could not start with it."""
    links.make(tmp_path / "state", "user", "anna", "f", owner=(1234, 1235))
    for made in (tmp_path / "state", tmp_path / "state" / FILE_NAME):
        assert (made.stat().st_uid, made.stat().st_gid) == (1234, 1235), made
