"""Cookies: signed, with an end, and worth nothing once logged out."""

import os
import stat
from pathlib import Path
from threading import Thread

import pytest
from tornado.web import create_signed_value

from gateway.access.sessions import COOKIE, KEY_BYTES, MAX_LOGOUTS_PER_USER, RENEW_AFTER, Session, Sessions
from tests.clock import Clock

MONTH = 30 * 86400
"""Seconds."""


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
    sessions.log_out(session, "anna")
    assert [each.read(cookie) for each in (sessions, other)] == [None, None]
    assert other.is_logged_out(session, "anna", clock.seconds)
    assert sessions.read(another) is not None, "on another device it goes on"


def test_those_logged_out_are_forgotten_when_they_would_have_ended(
    sessions: Sessions, tmp_path: Path, clock: Clock
) -> None:
    _, first = sessions.create("anna", "fingerprint")
    sessions.log_out(first, "anna")
    clock.seconds += MONTH
    _, second = sessions.create("anna", "fingerprint")
    sessions.log_out(second, "anna")
    assert (tmp_path / "state" / "logged-out").read_text().split()[0] == second


def test_too_many_logouts_end_the_sessions_of_that_person_alone(sessions: Sessions, clock: Clock) -> None:
    """A script that logs in and out must not log out everybody else."""
    left, earlier = sessions.create("anna", "fingerprint")
    of_berta, _ = sessions.create("berta", "fingerprint")
    clock.seconds += 1
    for _ in range(MAX_LOGOUTS_PER_USER + 1):
        sessions.log_out(sessions.create("anna", "fingerprint")[1], "anna")
    at_once, session = sessions.create("anna", "fingerprint")
    assert sessions.read(at_once) is not None
    assert sessions.read(left) is None
    assert sessions.is_logged_out(earlier, "anna", clock.seconds - 1 + MONTH)
    assert sessions.read(of_berta) is not None
    assert (sessions._folder / "logged-out").read_text() == (
        f"@anna {clock.seconds + MONTH:.0f} anna {clock.seconds:.6f}\n"
    )
    clock.seconds += 1
    after, session = sessions.create("anna", "fingerprint")
    read = sessions.read(after)
    assert read is not None
    assert not sessions.is_logged_out(session, "anna", read.expires)
    clock.seconds += MONTH - 10
    sessions.log_out("another", "berta")
    assert sessions.is_logged_out(earlier, "anna", clock.seconds), "the entry of all sessions lasts as long as they do"


def test_a_session_in_use_does_not_end(sessions: Sessions, clock: Clock) -> None:
    cookie, session = sessions.create("anna", "fingerprint")
    for _ in range(5):
        clock.seconds += 20 * 86400
        read = sessions.read(cookie)
        assert read is not None
        assert sessions.needs_renewal(read.expires)
        cookie = sessions.renew(session, "anna", "fingerprint")
        assert not sessions.needs_renewal(clock.seconds + 30 * 86400)
        assert not sessions.needs_renewal(clock.seconds + (1 - RENEW_AFTER) * MONTH)
        assert sessions.needs_renewal(clock.seconds + (1 - RENEW_AFTER) * MONTH - 1)
    sessions.log_out(session, "anna")
    assert sessions.read(cookie) is None, "a logout ends the renewed cookie, too"


@pytest.mark.parametrize("content", [b"", b"\n", b"cut off"])
def test_an_empty_key_is_replaced_at_the_next_login(
    content: bytes, sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a loss of power leaves behind; an empty key would sign for anybody."""
    before, _ = sessions.create("anna", "fingerprint")
    key = tmp_path / "state" / "session.key"
    key.write_bytes(content)
    for _ in range(3):
        assert sessions.read(before) is None
    assert caplog.messages == [f"logins do not work until the next one: {key} is empty or cut off"]
    assert key.read_bytes() == content, "who only looks changes nothing"
    after, _ = sessions.create("anna", "fingerprint")
    assert sessions.read(after) is not None
    assert caplog.messages[1:] == [f"{key} was damaged: a new one is made, and every earlier login has ended"]


def test_a_key_that_cannot_be_read_is_said(
    sessions: Sessions, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state" / "session.key").mkdir(parents=True)
    key = tmp_path / "state" / "session.key"
    with pytest.raises(OSError, match=f"^{key} cannot be used$"):
        sessions.create("anna", "fingerprint")
    assert caplog.messages == [
        f"logins do not work: {key} and logged-out cannot be read ([Errno 21] Is a directory: '{key}')"
    ]


def test_a_key_of_the_least_length_is_one(sessions: Sessions, tmp_path: Path) -> None:
    key = tmp_path / "state" / "session.key"
    key.parent.mkdir()
    key.write_bytes(b"x" * KEY_BYTES)
    assert sessions.read(sessions.create("anna", "fingerprint")[0]) is not None
    assert key.read_bytes() == b"x" * KEY_BYTES


def test_a_list_of_an_earlier_version_is_read(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    cookie, session = sessions.create("anna", "fingerprint")
    another, _ = sessions.create("anna", "fingerprint")
    listed = tmp_path / "state" / "logged-out"
    listed.write_text(f"{session} {clock.seconds + 9:.0f}\n")
    assert sessions.read(cookie) is None
    assert sessions.read(another) is not None
    until = f"{clock.seconds + MONTH:.0f}"
    for out in ("b", "c"):
        sessions.log_out(out, "berta")
    assert listed.read_text() == (
        f"{session} {clock.seconds + 9:.0f} - 0.000000\nb {until} berta 0.000000\nc {until} berta 0.000000\n"
    )


@pytest.mark.parametrize("damage", ["no number\n", "a  9999999999\n", "\0\n", b"\xff".decode("latin-1")])
def test_a_damaged_list_of_logouts_ends_every_session(damage: str, sessions: Sessions, tmp_path: Path) -> None:
    """Who has logged out cannot be told any more."""
    cookie, _ = sessions.create("anna", "fingerprint")
    (tmp_path / "state" / "logged-out").write_bytes(damage.encode("latin-1"))
    assert sessions.read(cookie) is None
    sessions.log_out("another", "anna")
    assert (tmp_path / "state" / "logged-out").read_bytes() == damage.encode("latin-1"), "nor does it become a new one"
    assert sessions.read(cookie) is None


def test_without_a_key_there_are_no_sessions(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    cookie, session = sessions.create("anna", "fingerprint")
    (tmp_path / "state" / "session.key").unlink()
    assert sessions.read(cookie) is None
    assert sessions.is_logged_out(session, "anna", clock.seconds)
    empty = create_signed_value(b"", COOKIE, "x anna fingerprint").decode()
    assert sessions.read(empty) is None, "an empty key is none"


def test_two_who_log_out_at_once_are_both_out(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    """Through two workers."""
    other = Sessions(tmp_path / "state", 30, clock)
    cookies = [sessions.create("anna", "fingerprint") for _ in range(20)]
    ends = [each.log_out for each in [sessions, other] * 10]
    threads = [Thread(target=end, args=(name, "anna")) for (_, name), end in zip(cookies, ends, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sessions.read(cookie) for cookie, _ in cookies] == [None] * 20


def test_a_cookie_signed_the_old_way_is_none(sessions: Sessions, tmp_path: Path, clock: Clock) -> None:
    sessions.create("anna", "fingerprint")
    key = (tmp_path / "state" / "session.key").read_bytes()
    text = "x anna fingerprint 1700000000"
    old, new = (create_signed_value(key.decode(), COOKIE, text, version=version, clock=clock) for version in (1, 2))
    assert sessions.read(old.decode()) is None
    assert sessions.read(new.decode()) is not None


def test_what_is_in_a_signed_cookie_of_another_program_is_no_failure(
    sessions: Sessions, tmp_path: Path, clock: Clock
) -> None:
    """One that has the key, such as a later version."""
    sessions.create("anna", "fingerprint")
    key = (tmp_path / "state" / "session.key").read_bytes()

    def signed(text: bytes) -> str:
        return create_signed_value(key.decode(), COOKIE, text, clock=clock).decode()

    read = sessions.read(signed(b"x an\xffna fingerprint 1700000000"))
    assert read is not None
    assert read.name == "an\ufffdna"
    for other in (b"x  anna fingerprint 1700000000", b"x anna fingerprint", b"x"):
        assert sessions.read(signed(other)) is None


def test_the_files_and_their_folder_are_for_us_alone_and_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut must not bring a session back that was logged out."""
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))

    def modes(folder: Path) -> dict[str, int]:
        return {file.name: stat.S_IMODE(file.stat().st_mode) for file in (folder, *folder.iterdir())}

    login, logout = tmp_path / "a" / "login", tmp_path / "b" / "logout"
    Sessions(login, 30).create("anna", "fingerprint")
    assert modes(login) == {"login": 0o700, "session.key": 0o600}
    assert synced == [(login / "session.key").stat().st_ino, login.stat().st_ino]
    synced.clear()
    Sessions(logout, 30).log_out("x", "anna")
    assert modes(logout) == {"logout": 0o700, "logged-out": 0o600, "logged-out.lock": 0o600}
    assert synced == [(logout / "logged-out").stat().st_ino, logout.stat().st_ino]


def test_a_logout_without_a_key_does_not_keep_the_next_login_out(sessions: Sessions, tmp_path: Path) -> None:
    sessions.log_out("x", "anna")
    assert sessions.read(sessions.create("anna", "fingerprint")[0]) is not None


@pytest.mark.parametrize("error", [FileExistsError(17, "File exists"), OSError(28, "No space left on device")])
def test_a_key_that_cannot_be_put_in_place_leaves_no_other_file(
    error: OSError, sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker may have been faster: its key is used."""
    folder = tmp_path / "state"

    def link(_: Path, file: Path) -> None:
        if isinstance(error, FileExistsError):
            file.write_bytes(b"k" * 64)
        raise error

    monkeypatch.setattr(os, "link", link)
    if isinstance(error, FileExistsError):
        assert sessions.read(sessions.create("anna", "fingerprint")[0]) is not None
        assert [file.name for file in folder.iterdir()] == ["session.key"]
    else:
        with pytest.raises(OSError, match="No space left on device"):
            sessions.create("anna", "fingerprint")
        assert list(folder.iterdir()) == []
