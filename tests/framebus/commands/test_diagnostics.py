"""The checks of `framebus doctor` for the machine, its packages, the folder of the sockets, and the gateway."""

import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from framebus.commands import diagnostics
from framebus.commands.file_checks import existing
from framebus.commands.findings import Finding
from framebus.config.address import Address
from framebus.config.load import Config
from tests.conftest import TESTCARD, Configure, Start
from tests.framebus.commands.test_doctor import with_key


def power(config: Config, throttled: Path) -> list[Finding]:
    """The findings of `power`, without that of a warm processor: the machine of this test may be warm."""
    return [
        finding
        for finding in diagnostics.power(config, throttled)
        if not finding.text.startswith("the processor is at")
    ]


# The machine and its packages


def without_av(package: str) -> str | None:
    """The versions of the packages on a machine without PyAV."""
    return None if package == "av" else "1"


def test_a_package_that_a_camera_needs_is_named(configure: Configure) -> None:
    config = configure(f'{TESTCARD}[camera.yard]\nsource = "rtsp://127.0.0.1:9/x"\n')
    _, finding = diagnostics.software(config, without_av)

    assert finding.text == "camera yard: RTSP and files need PyAV, which is not installed"
    assert finding.advice.endswith(" -m pip install 'framebus[av]'")


def test_pyav_is_needed_by_streams_and_files_alone(configure: Configure) -> None:
    config = configure(f'{TESTCARD}[camera.yard]\nsource = "http://127.0.0.1:9/x"\n')

    assert [finding.level for finding in diagnostics.software(config, without_av)] == ["ok"]


def test_packages_that_are_missing_are_named_with_the_command(configure: Configure) -> None:
    assert list(diagnostics.software(configure(), lambda name: None if name in ("tornado", "pillow") else "1"))[1:] == [
        Finding("wrong", "tornado, pillow: not installed", f"run: {sys.executable} -m pip install framebus")
    ]


@pytest.mark.parametrize(("free", "level"), [(99_999_999, "wrong"), (100_000_000, "ok")])
def test_less_than_a_hundred_megabytes_of_memory_is_wrong(free: int, level: str, configure: Configure) -> None:
    (finding,) = diagnostics.memory(configure(), lambda: free)
    assert finding.level == level
    needed = "; framebus needs about 90 MB or more" if level == "wrong" else ""
    assert finding.text == f"{free // 1_000_000} MB of memory are free{needed}"


def test_a_history_that_does_not_fit_into_memory_is_wrong(configure: Configure) -> None:
    def free() -> int:
        return 500_000_000

    tables = "".join(f'[camera.{name}]\nsource = "testcard"\n' for name in ("a", "b", "c"))
    assert list(diagnostics.history(configure(tables, snapshot="history_mb = 200"), free)) == []
    assert list(diagnostics.history(configure(tables, snapshot="history = 10\nhistory_mb = 83"), free)) == []
    assert list(diagnostics.history(configure(tables, snapshot="history = 10\nhistory_mb = 200"), free)) == [
        Finding(
            "wrong",
            "the history may take 600 MB (3 x history_mb), and 500 MB of memory are free: each camera keeps at most "
            "83 MB",
            "set history_mb in [snapshot] to 83 or less",
        )
    ]


def test_the_history_that_a_running_service_holds_counts_as_free(configure: Configure, start: Start) -> None:
    config = configure(snapshot="history = 10\nhistory_mb = 10")
    assert [finding.level for finding in diagnostics.history(config, lambda: 5_000_000)] == ["wrong"]
    start("snapshot", config=config).wait_for(" INFO ")
    assert list(diagnostics.history(config, lambda: 5_000_000)) == []


@pytest.mark.parametrize("holder", ["", "nonsense", "../..", "999999999"])
def test_a_lock_that_names_no_snapshot_service_takes_no_memory(holder: str, configure: Configure) -> None:
    config = configure()
    assert diagnostics._snapshot_bytes(config) == 0
    for text in (holder, str(os.getpid())):
        (config.run_dir / "snapshot service.lock").write_text(f"{text}\n")
        assert diagnostics._snapshot_bytes(config) == 0


def test_a_disk_with_room_is_no_finding(configure: Configure) -> None:
    assert list(diagnostics.disk(configure())) == []


def test_a_disk_without_room_is_wrong(configure: Configure) -> None:
    config = configure()
    (finding,) = diagnostics.disk(config, min_mb=1 << 40)
    assert finding.level == "wrong"
    assert re.fullmatch(rf"\d+ MB are free on the disk of state_dir \({existing(config.state_dir)}\)", finding.text)
    assert finding.advice == "free some space there"


def test_a_state_dir_that_is_a_dangling_link_is_left_to_its_own_check(configure: Configure) -> None:
    config = configure()
    (config.run_dir / "link").symlink_to(config.run_dir / "missing")

    assert list(diagnostics.disk(with_key(config, "state_dir", "link"))) == []


@pytest.mark.parametrize(("bits", "text"), [("0x50005", "has"), ("0x50000", "has had")])
def test_too_little_voltage_of_a_raspberry_pi_is_wrong(
    bits: str, text: str, configure: Configure, tmp_path: Path
) -> None:
    file = tmp_path / "get_throttled"
    file.write_text(f"{bits[2:]}\n")
    (finding,) = power(configure(), file)

    assert (finding.level, finding.text) == ("wrong", f"this Raspberry Pi {text} too little voltage")


@pytest.mark.parametrize("text", ["0", "2\n", "", "nonsense", "0x"])
def test_a_state_of_the_power_without_those_bits_is_no_finding(text: str, configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "get_throttled"
    file.write_text(text)

    assert power(configure(), file) == []


def test_a_state_of_the_power_that_cannot_be_read_is_no_finding(configure: Configure, tmp_path: Path) -> None:
    assert power(configure(), tmp_path) == []  # a folder: reading it fails


def test_a_folder_that_others_can_write_to_is_wrong(configure: Configure) -> None:
    config = configure()
    assert list(diagnostics.folder(config)) == [Finding("ok", f"the sockets are in {config.run_dir}")]
    config.run_dir.chmod(0o777)
    (finding,) = diagnostics.folder(config)

    assert finding.level == "wrong"
    assert finding.text.startswith(f"run_dir {config.run_dir} can be written to by others (mode 0777)")
    assert finding.advice == ""


def test_cameras_are_not_tried_with_a_configuration_that_has_mistakes(configure: Configure) -> None:
    *_, last = diagnostics.examine(configure(), cameras=False)

    assert last == Finding("note", "the cameras were not tried, as the configuration has mistakes")


def test_cameras_are_left_out_where_it_cannot_be_seen_which_of_them_run(configure: Configure) -> None:
    findings = diagnostics.examine(configure(), can_see=lambda config: False)

    assert not any("camera front" in finding.text for finding in findings)


# The gateway


@contextmanager
def answering(config: Config, answer: bytes) -> Iterator[list[bytes]]:
    """A server at the address of the gateway that answers one request; gives what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", config.gateway.listen.port)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(1000))
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield asked
        thread.join()


def listening_at(config: Config, host: str, **changes: str) -> Config:
    """The same configuration with another host of the gateway."""
    address = Address(host, config.gateway.listen.port)
    return msgspec.structs.replace(config, gateway=msgspec.structs.replace(config.gateway, listen=address, **changes))


LOOPBACK = Finding(
    "note",
    "only this machine can watch",
    "to open it to your network, run `framebus open`; for a service, `sudo framebus open`",
)


def test_a_gateway_that_serves_is_found(configure: Configure) -> None:
    config = configure()
    with answering(config, b"HTTP/1.1 200 OK\r\nServer: framebus\r\n\r\n") as asked:
        findings = list(diagnostics.gateway(config))

    assert findings == [Finding("ok", f"framebus serves at http://{config.gateway.listen}/"), LOOPBACK]
    assert asked == [b"GET /healthz HTTP/1.0\r\n\r\n"]


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_an_open_address_is_asked_on_loopback_and_needs_no_note(host: str, configure: Configure) -> None:
    config = listening_at(configure(), host)
    with answering(config, b"HTTP/1.1 200 OK\r\nServer: framebus\r\n\r\n"):
        findings = list(diagnostics.gateway(config))

    assert findings == [Finding("ok", f"framebus serves at http://{config.gateway.listen}/")]


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.0 200 OK\r\nServer: nginx\r\n\r\n"])
def test_another_program_at_the_address_is_wrong(answer: bytes, configure: Configure) -> None:
    config = configure()
    with answering(config, answer):
        findings = list(diagnostics.gateway(config))

    assert findings == [
        Finding(
            "wrong",
            f"{config.gateway.listen}: address already in use by another program",
            "stop that program, or set another port with listen in [gateway]; "
            f"sudo ss -ltnp 'sport = :{config.gateway.listen.port}' names it",
        ),
        LOOPBACK,
    ]


def test_a_program_without_tls_where_framebus_would_have_it_is_wrong(configure: Configure) -> None:
    config = listening_at(configure(), "127.0.0.1", tls_cert="cert.pem")
    with answering(config, b"HTTP/1.0 400 Bad Request\r\n\r\n"):
        (finding,) = diagnostics.gateway(config)

    assert finding.level == "wrong"
    assert finding.text.startswith(f"{config.gateway.listen} cannot be reached: ")


def test_an_address_at_which_nothing_listens_is_a_note(configure: Configure) -> None:
    config = configure()

    assert list(diagnostics.gateway(config)) == [
        Finding("note", f"nothing listens at {config.gateway.listen}", "start framebus: framebus up")
    ]


def test_an_address_that_this_machine_cannot_reach_is_wrong(configure: Configure) -> None:
    config = listening_at(configure(), "255.255.255.255")  # TCP cannot connect to a broadcast address
    (finding,) = diagnostics.gateway(config)

    assert finding.level == "wrong"
    assert finding.text.startswith(f"{config.gateway.listen} cannot be reached: ")
    assert finding.advice == "set another listen in [gateway]"
