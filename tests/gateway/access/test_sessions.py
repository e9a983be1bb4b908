"""Cookies: signed, with an end, and worth nothing once logged out."""

import stat
from pathlib import Path
from threading import Thread

import pytest
from tornado.web import create_signed_value

from gateway.access.sessions import COOKIE, MAX_LOGOUTS_PER_USER, Session, Sessions
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.0)


@pytest.fixture
def sessions(tmp_path: Path, clock: Clock) -> Sessions:
    return Sessions(tmp_path / "state", 30, clock)


def test_every_worker_with_the_key_reads_a_cookie(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    """By another worker, and after a restart."""
    cookie, session = sessions.create("anna", "fingerprint")
    until = clock.seconds + 30 * 86400
    assert sessions.read(cookie) == Session(session, "anna", "fingerprint", until)
    assert Sessions(tmp_path / "state", 30, clock).read(cookie) == Session(session, "anna", "fingerprint", until)
    assert stat.S_IMODE((tmp_path / "state" / "session.key").stat().st_mode) == 0o600
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["session.key"]


def test_a_forged_cookie_is_none(sessions: Sessions) -> None:
    cookie, _ = sessions.create("anna", "fingerprint")
    forged = create_signed_value("another key", COOKIE, "x root fingerprint").decode()
    tampered = [cookie[:at] + chr(ord(cookie[at]) ^ 1) + cookie[at + 1 :] for at in range(len(cookie))]
    assert [sessions.read(each) for each in (forged, "", "2|", cookie[:-1], cookie + "0", *tampered)] == [None] * (
        5 + len(tampered)
    )


def test_a_cookie_of_another_name_is_none(sessions: Sessions, tmp_path: Path) -> None:
    sessions.create("anna", "fingerprint")
    key = (tmp_path / "state" / "session.key").read_bytes()
    assert sessions.read(create_signed_value(key, "other", "x anna fingerprint").decode()) is None


def test_it_ends_with_its_time(sessions: Sessions, clock: Clock) -> None:
    cookie, _ = sessions.create("anna", "fingerprint")
    clock.seconds += 29 * 86400
    assert sessions.read(cookie) is not None
    clock.seconds += 2 * 86400
    assert sessions.read(cookie) is None


def test_it_ends_with_the_logout_for_every_worker(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    other = Sessions(tmp_path / "state", 30, clock)
    cookie, session = sessions.create("anna", "fingerprint")
    another, _ = sessions.create("anna", "fingerprint")
    assert other.read(cookie) is not None
    sessions.log_out(session)
    assert [each.read(cookie) for each in (sessions, other)] == [None, None]
    assert other.is_logged_out(session)
    assert sessions.read(another) is not None, "on another device it goes on"


def test_those_logged_out_are_forgotten_when_they_would_have_ended(
    sessions: Sessions, tmp_path: Path, clock: Clock
) -> None:
    _, first = sessions.create("anna", "fingerprint")
    sessions.log_out(first)
    clock.seconds += 31 * 86400
    _, second = sessions.create("anna", "fingerprint")
    sessions.log_out(second)
    assert (tmp_path / "state" / "logged-out").read_text().split()[0] == second


def test_too_many_logouts_end_the_sessions_of_that_person_alone(sessions: Sessions, clock: Clock) -> None:
    """A script that logs in and out must not log out everybody else."""
    left, of_berta = sessions.create("anna", "fingerprint")[0], sessions.create("berta", "fingerprint")[0]
    clock.seconds += 1
    for _ in range(MAX_LOGOUTS_PER_USER + 1):
        sessions.log_out(sessions.create("anna", "fingerprint")[1], "anna")
    assert sessions.read(left) is None
    assert sessions.read(of_berta) is not None
    clock.seconds += 1
    after, session = sessions.create("anna", "fingerprint")
    read = sessions.read(after)
    assert read is not None
    assert not sessions.is_logged_out(session, "anna", read.expires)
    assert len((sessions._folder / "logged-out").read_text().splitlines()) == 1


def test_a_session_in_use_does_not_end(sessions: Sessions, clock: Clock) -> None:
    cookie, session = sessions.create("anna", "fingerprint")
    for _ in range(5):
        clock.seconds += 20 * 86400
        read = sessions.read(cookie)
        assert read is not None
        assert sessions.needs_renewal(read.expires)
        cookie = sessions.renew(session, "anna", "fingerprint")
        assert not sessions.needs_renewal(clock.seconds + 30 * 86400)
    sessions.log_out(session, "anna")
    assert sessions.read(cookie) is None, "a logout ends the renewed cookie, too"


@pytest.mark.parametrize("content", [b"", b"\n", b"cut off"])
def test_an_empty_key_is_replaced_at_the_next_login(
    content: bytes, sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a loss of power leaves behind; an empty key would sign for anybody."""
    before, _ = sessions.create("anna", "fingerprint")
    (tmp_path / "state" / "session.key").write_bytes(content)
    assert sessions.read(before) is None
    assert "session.key is empty or cut off" in caplog.text
    after, _ = sessions.create("anna", "fingerprint")
    assert sessions.read(after) is not None


def test_a_key_that_cannot_be_read_is_said(
    sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state" / "session.key").mkdir(parents=True)
    with pytest.raises(OSError, match=r"session\.key"):
        sessions.create("anna", "fingerprint")
    key = tmp_path / "state" / "session.key"
    assert (
        f"logins do not work: {key} and logged-out cannot be read ([Errno 21] Is a directory: '{key}')" in caplog.text
    )


def test_a_list_of_an_earlier_version_is_read(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    cookie, session = sessions.create("anna", "fingerprint")
    (tmp_path / "state" / "logged-out").write_text(f"{session} {clock.seconds + 9:.0f}\n")
    assert sessions.read(cookie) is None


@pytest.mark.parametrize("damage", ["no number\n", "\0\n", b"\xff".decode("latin-1")])
def test_a_damaged_list_of_logouts_ends_every_session(damage: str, sessions: Sessions, tmp_path: Path) -> None:
    """Who has logged out cannot be told any more."""
    cookie, _ = sessions.create("anna", "fingerprint")
    (tmp_path / "state" / "logged-out").write_bytes(damage.encode("latin-1"))
    assert sessions.read(cookie) is None


def test_without_a_key_there_are_no_sessions(sessions: Sessions, tmp_path: Path) -> None:
    cookie, session = sessions.create("anna", "fingerprint")
    (tmp_path / "state" / "session.key").unlink()
    assert sessions.read(cookie) is None
    assert sessions.is_logged_out(session)
    empty = create_signed_value(b"", COOKIE, "x anna fingerprint").decode()
    assert sessions.read(empty) is None, "an empty key is none"


def test_two_who_log_out_at_once_are_both_out(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    """Through two workers."""
    other = Sessions(tmp_path / "state", 30, clock)
    cookies = [sessions.create("anna", "fingerprint") for _ in range(20)]
    ends = [each.log_out for each in [sessions, other] * 10]
    threads = [Thread(target=end, args=(name,)) for (_, name), end in zip(cookies, ends, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sessions.read(cookie) for cookie, _ in cookies] == [None] * 20


def test_a_cookie_signed_the_old_way_is_none(sessions: Sessions, tmp_path: Path) -> None:
    sessions.create("anna", "fingerprint")
    key = (tmp_path / "state" / "session.key").read_bytes()
    old = create_signed_value(key.decode(), COOKIE, "x anna fingerprint 1700000000", version=1).decode()
    assert sessions.read(old) is None
