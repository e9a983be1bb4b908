"""The process that listens on a port."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.net.port_owner import owner_of_port
from tests.gateway.net.test_listen import has_ipv6

OTHER = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=int(sys.argv[3])); "
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LINE = "   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000        0 {inode} 1 0\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), *([("::1", socket.AF_INET6)] if has_ipv6() else [])]
)
def test_the_program_that_has_the_port_is_named(free_port: int, host: str, family: socket.AddressFamily) -> None:
    command = [sys.executable, "-c", f"{OTHER}print(flush=True); input()", host, str(free_port), str(int(family))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert owner_of_port(free_port) == f"{Path(f'/proc/{other.pid}/comm').read_text().strip()} (pid {other.pid})"
        other.communicate(b"\n")
    assert owner_of_port(free_port) is None


def fake_proc(folder: Path, address: str = "0100007F:1F90", state: str = "0A", table: str = "tcp") -> Path:
    """A procfs with one socket (inode 77), and process 812 (nginx), which has it open."""
    (folder / "net").mkdir()
    (folder / "net" / table).write_text(HEAD + LINE.format(address=address, state=state, inode=77))
    for pid, name, descriptor in (("811", "sh", "socket:[78]"), ("812", "nginx", "socket:[77]")):
        (folder / pid / "fd").mkdir(parents=True)
        (folder / pid / "comm").write_text(f"{name}\n")
        os.symlink("/dev/null", folder / pid / "fd" / "0")
        os.symlink(descriptor, folder / pid / "fd" / "3")
    return folder


@pytest.mark.parametrize("table", ["tcp", "tcp6"])
def test_the_process_with_the_listening_socket_is_named(table: str, tmp_path: Path) -> None:
    address = "0" * 32 + ":1F90" if table == "tcp6" else "0100007F:1F90"
    assert owner_of_port(8080, fake_proc(tmp_path, address, table=table)) == "nginx (pid 812)"


@pytest.mark.parametrize(
    ("port", "state"),
    [(8081, "0A"), (0x90, "0A"), (0xF90, "0A"), (8080, "01"), (8080, "06")],
)
def test_another_port_or_a_socket_that_does_not_listen_has_no_owner(port: int, state: str, tmp_path: Path) -> None:
    assert owner_of_port(port, fake_proc(tmp_path, state=state)) is None


def test_a_short_port_is_four_digits_in_the_table(tmp_path: Path) -> None:
    assert owner_of_port(80, fake_proc(tmp_path, "0100007F:0050")) == "nginx (pid 812)"


def test_a_process_that_has_ended_or_is_of_another_user_is_skipped(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path)
    (proc / "100").mkdir()
    (proc / "101").write_text("no folder")
    assert owner_of_port(8080, proc) == "nginx (pid 812)"
    (proc / "812" / "comm").unlink()
    assert owner_of_port(8080, proc) is None


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "nonsense\n\n", HEAD + "0: 0100007F:1F90 0:0 0A\n"])
def test_a_table_without_a_matching_entry_names_no_process(text: str, tmp_path: Path) -> None:
    proc = fake_proc(tmp_path)
    (proc / "net" / "tcp").write_text(text)
    assert owner_of_port(8080, proc) is None


def test_without_procfs_there_is_no_owner(tmp_path: Path) -> None:
    assert owner_of_port(8080, tmp_path / "nothing") is None


def test_the_own_process_is_found(free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        assert owner_of_port(free_port) == f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"
