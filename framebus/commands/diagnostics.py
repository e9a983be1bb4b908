"""The checks of `framebus doctor`, one function each: what is the case, and what to do if that is wrong.

The checks of files are in framebus.commands.file_checks, those of cameras in framebus.commands.camera_checks.
"""

import errno
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from framebus import __version__
from framebus.commands import camera_checks, file_checks
from framebus.commands.findings import Finding
from framebus.config.load import Config
from framebus.config.snapshot import history_fits, history_limit_mb
from framebus.runtime import launch
from framebus.runtime.memory import available_bytes
from framebus.runtime.run_dir import RunDirError, prepare

MIN_MEMORY_MB = 100
"""With one camera of 1280x720 framebus takes some 90 MB (docs/performance.md)."""
MIN_DISK_MB = 50
HOT_CELSIUS = 80.0
"""At this temperature a Raspberry Pi slows down (its documentation, "Frequency management and thermal control")."""
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_BOOT = 1 << 0, 1 << 16
"""Bits of that file, as of `vcgencmd get_throttled`."""


def examine(
    config: Config, *, cameras: bool = True, can_see: Callable[[Config], bool] = camera_checks.can_see
) -> Iterator[Finding]:
    """Run all checks in a sensible order; each one runs when its finding is asked for.

    Args:
        config: The configuration.
        cameras: Whether to try cameras: capture does not run with a configuration that has mistakes.
        can_see: Tells whether this user can know which cameras run.
    """
    for check in (
        software,
        memory,
        history,
        disk,
        power,
        file_checks.configuration,
        file_checks.secrets,
        file_checks.state,
        folder,
        gateway,
        programs,
    ):
        yield from check(config)
    if not cameras:
        yield Finding("note", "the cameras were not tried, as the configuration has mistakes")
    elif can_see(config):
        for camera in config.cameras:
            yield camera_checks.camera(config, camera)


def package_version(package: str) -> str | None:
    """The version of a package that this Python has, or that an installed framebus carries for its processes alone."""
    found = metadata.distributions(name=package, path=[*sys.path, launch.PROCESSES])
    return next((distribution.version for distribution in found), None)


def software(config: Config, version: Callable[[str], str | None] = package_version) -> Iterator[Finding]:
    """Python and the packages; PyAV where a camera needs it."""
    names = ["pyzmq", "tornado", "supervisor", "msgspec", "pillow", "videodev2"]
    installed = {name: version(name) for name in names}
    missing = [name for name, found in installed.items() if found is None]
    versions = ", ".join(f"{name} {found}" for name, found in installed.items() if found)
    yield Finding("ok", f"framebus {__version__}, Python {'.'.join(map(str, sys.version_info[:3]))}, {versions}")
    if missing:
        yield Finding("wrong", f"{', '.join(missing)}: not installed", f"run: {sys.executable} -m pip install framebus")
    needs_av = [
        name
        for name, settings in config.cameras.items()
        if settings.source.kind == "media" and not settings.source.target.startswith(("http://", "https://"))
    ]
    if needs_av and version("av") is None:
        advice = f"run: {sys.executable} -m pip install 'framebus[av]'"
        yield Finding(
            "wrong", f"camera {', '.join(needs_av)}: RTSP and files need PyAV, which is not installed", advice
        )


def programs(config: Config) -> Iterator[Finding]:
    """Whether the programs of the user's can be started."""
    for name, program in config.programs.items():
        command = program.words(sys.executable)
        found = shutil.which(os.path.join(program.directory, command[0]) if "/" in command[0] else command[0])
        script = os.path.join(program.directory, command[1]) if len(command) > 1 else ""
        if not os.path.isdir(program.directory):
            yield Finding("wrong", f"program {name}: there is no folder {program.directory}", "correct its directory")
        elif found is None:
            yield Finding("wrong", f"program {name}: there is no program {command[0]}", "correct its command")
        elif script.endswith(".py") and not os.path.isfile(script):
            yield Finding("wrong", f"program {name}: there is no file {script}", "correct its command or directory")
        else:
            yield Finding("ok", f"program {name}: {' '.join(program.command)}")


def memory(_config: Config, available: Callable[[], int] = available_bytes) -> Iterator[Finding]:
    """Whether there is enough memory to run."""
    free_mb = available() // 1_000_000
    if free_mb < MIN_MEMORY_MB:
        advice = "stop other programs, or lower size, workers and history in framebus.toml"
        yield Finding("wrong", f"{free_mb} MB of memory are free; framebus needs about 90 MB or more", advice)
    else:
        yield Finding("ok", f"{free_mb} MB of memory are free")


def history(config: Config, available: Callable[[], int] = available_bytes) -> Iterator[Finding]:
    """Whether the histories of all cameras fit into memory once they are full."""
    cameras = len(config.cameras)
    wanted_mb = config.snapshot.history_mb
    free_mb = (available() + _snapshot_bytes(config)) / 1e6
    if not history_fits(config.snapshot, cameras, free_mb):
        limit_mb = int(history_limit_mb(wanted_mb, cameras, free_mb))
        yield Finding(
            "wrong",
            f"the history may take {wanted_mb * cameras:g} MB ({cameras} x history_mb), and {free_mb:.0f} MB of memory "
            f"are free: each camera keeps at most {limit_mb} MB",
            f"set history_mb in [snapshot] to {max(1, limit_mb)} or less",
        )


def disk(config: Config, min_mb: int = MIN_DISK_MB) -> Iterator[Finding]:
    """Whether there is room for what framebus stores."""
    folder = file_checks.existing(config.state_dir)
    try:
        free_mb = shutil.disk_usage(folder).free // 1_000_000
    except OSError:  # such as a dangling link, which the check of state_dir reports
        return
    if free_mb < min_mb:
        yield Finding("wrong", f"{free_mb} MB are free on the disk of state_dir ({folder})", "free some space there")


def power(_config: Config, throttled: Path = THROTTLED) -> Iterator[Finding]:
    """A Raspberry Pi's power supply and temperature: cameras fail first where these are bad."""
    bits = _throttled_bits(throttled)
    if bits & (UNDER_VOLTAGE_NOW | UNDER_VOLTAGE_SINCE_BOOT):
        when = "has" if bits & UNDER_VOLTAGE_NOW else "has had"
        advice = "use the power supply made for this Pi, and a short thick cable; cameras drop out otherwise"
        yield Finding("wrong", f"this Raspberry Pi {when} too little voltage", advice)
    for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp")):
        try:
            celsius = int(zone.read_text()) / 1000
        except (OSError, ValueError):
            continue
        if celsius >= HOT_CELSIUS:
            yield Finding(
                "wrong", f"the processor is at {celsius:.0f} °C, and slows down", "cool it, or lower fps and size"
            )
            return


def folder(config: Config) -> Iterator[Finding]:
    """Whether the folder of the sockets can be used."""
    try:
        prepare(config)
    except RunDirError as error:
        yield Finding("wrong", str(error), camera_checks.other_user(config))
    else:
        yield Finding("ok", f"the sockets are in {config.run_dir}")


def gateway(config: Config) -> Iterator[Finding]:
    """Whether the gateway serves, or could."""
    address = config.gateway.listen
    host = address.host if address.host not in ("", "0.0.0.0", "::") else "127.0.0.1"
    try:
        with socket.create_connection((host, address.port), timeout=2) as connection:
            answer = _healthz(connection, encrypted=config.gateway.tls_cert is not None)
    except OSError as error:
        if error.errno == errno.ECONNREFUSED:
            yield Finding("note", f"nothing listens at {address}", "start framebus: framebus up")
        else:
            reason = error.strerror or str(error)
            yield Finding("wrong", f"{address} cannot be reached: {reason}", "set another listen in [gateway]")
        return
    if b"Server: framebus" in answer:
        yield Finding("ok", f"framebus serves at http{'s' if config.gateway.tls_cert else ''}://{address}/")
    else:
        advice = f"stop that program, or set another port with listen in [gateway]; {_holder(address.port)}"
        yield Finding("wrong", f"{address}: address already in use by another program", advice)
    if address.is_loopback:
        yield Finding(
            "note",
            "only this machine can watch",
            "to open it to your network, run `framebus open`; for a service, `sudo framebus open`",
        )


def _healthz(connection: socket.socket, *, encrypted: bool) -> bytes:
    """Ask whether it is framebus; any certificate will do.

    Raises:
        OSError: There is no answer.
    """
    if encrypted:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = context.wrap_socket(connection)
    with connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        return connection.recv(4096)


def _throttled_bits(file: Path) -> int:
    """What the firmware of a Raspberry Pi says; 0 where it says nothing that can be read."""
    try:
        return int(file.read_text(), 16)
    except (OSError, ValueError):
        return 0


def _holder(port: int) -> str:
    return f"sudo ss -ltnp 'sport = :{port}' names it"


def _snapshot_bytes(config: Config) -> int:
    """The memory of a running snapshot service, whose history may be full already."""
    try:
        process = Path("/proc") / (config.run_dir / "snapshot service.lock").read_text().strip()
        if b"snapshot" not in (process / "cmdline").read_bytes().split(b"\0"):
            return 0  # it has ended, and another process has its number
        lines = (line.split() for line in (process / "status").read_text().splitlines())
        return next(int(words[1]) * 1024 for words in lines if words[0] == "VmRSS:")
    except (OSError, StopIteration, ValueError):
        return 0
