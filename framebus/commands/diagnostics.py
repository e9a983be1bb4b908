"""What `framebus doctor` looks at, each check on its own: what was found, and what to do where that is wrong.

The cameras themselves are tried by capture, in a process of its own.
"""

import errno
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import zmq

from framebus.config.load import Config
from framebus.protocol.wire import StatusHeader, WireError, parse, topic
from framebus.runtime.run_dir import Lock, RunDirError, prepare
from framebus.transport import endpoints, sockets

Level = Literal["ok", "note", "wrong"]

STATUS_SECONDS = 2.5
"""A capture that runs tells its status each second."""
TRIAL_SECONDS = 30.0
LEAST_MEMORY_MB = 100
"""What the pipeline takes with one camera of 1280x720 is some 90 MB (docs/performance.md)."""
LEAST_DISK_MB = 50
WARM_CELSIUS = 80.0
"""From here on a Raspberry Pi slows down (its documentation, "Frequency management and thermal control")."""
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_BOOT = 1 << 0, 1 << 16
"""Bits of that file, as of `vcgencmd get_throttled`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: how bad it is, what was found, and what to do."""

    level: Level
    text: str
    advice: str = ""


def examine(config: Config) -> Iterator[Finding]:
    """Everything, in the order in which one would look; each is found out only when it is asked for."""
    for check in (software, memory, disk, power, folder, gateway):
        yield from check(config)
    for camera in config.cameras:
        yield from camera_found(config, camera)


def software(config: Config) -> Iterator[Finding]:
    """Python and the packages; PyAV where a camera needs it."""
    names = ["pyzmq", "tornado", "supervisor", "msgspec", "pillow", "videodev2"]
    found = {name: _version(name) for name in names}
    missing = [name for name, version in found.items() if version is None]
    versions = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    yield Finding("ok", f"Python {'.'.join(map(str, sys.version_info[:3]))}, {versions}")
    if missing:
        yield Finding("wrong", f"{', '.join(missing)}: not installed", f"run: {sys.executable} -m pip install framebus")
    needs_av = [
        name
        for name, settings in config.cameras.items()
        if settings.source.kind == "media" and not settings.source.target.startswith(("http://", "https://"))
    ]
    if needs_av and _version("av") is None:
        advice = f"run: {sys.executable} -m pip install 'framebus[av]'"
        yield Finding(
            "wrong", f"camera {', '.join(needs_av)}: RTSP and files take PyAV, which is not installed", advice
        )


def memory(_config: Config) -> Iterator[Finding]:
    """Whether there is room."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            free_mb = int(line.split()[1]) // 1024
            if free_mb < LEAST_MEMORY_MB:
                advice = "stop other programs, or lower size, workers and history in framebus.toml"
                yield Finding("wrong", f"{free_mb} MB of memory are free; framebus takes about 90 and more", advice)
            else:
                yield Finding("ok", f"{free_mb} MB of memory are free")


def disk(config: Config) -> Iterator[Finding]:
    """Whether what was set can be kept."""
    folder = next((path for path in (config.state_dir, *config.state_dir.parents) if path.exists()), Path("/"))
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < LEAST_DISK_MB:
        yield Finding("wrong", f"{free_mb} MB are free where state_dir is ({folder})", "make room there")


def power(_config: Config) -> Iterator[Finding]:
    """A Raspberry Pi's power supply and temperature: cameras fail first where these are bad."""
    if THROTTLED.exists():
        bits = int(THROTTLED.read_text(), 16)
        if bits & (UNDER_VOLTAGE_NOW | UNDER_VOLTAGE_SINCE_BOOT):
            when = "has" if bits & UNDER_VOLTAGE_NOW else "has had"
            advice = "use the power supply made for this Pi, and a short thick cable; cameras drop out otherwise"
            yield Finding("wrong", f"this Raspberry Pi {when} too little voltage", advice)
    for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*/temp")):
        try:
            celsius = int(zone.read_text()) / 1000
        except (OSError, ValueError):
            continue
        if celsius >= WARM_CELSIUS:
            yield Finding(
                "wrong", f"the processor is at {celsius:.0f} °C, and slows down", "cool it, or lower fps and size"
            )
            return


def folder(config: Config) -> Iterator[Finding]:
    """The folder of the sockets."""
    try:
        prepare(config)
    except RunDirError as error:
        yield Finding("wrong", str(error))
    else:
        yield Finding("ok", f"the sockets are in {config.run_dir}")


def gateway(config: Config) -> Iterator[Finding]:
    """Whether it serves, or could."""
    address = config.gateway.listen
    host = address.host if address.host not in ("", "0.0.0.0", "::") else "127.0.0.1"
    try:
        with socket.create_connection((host, address.port), timeout=2) as connection:
            answer = _healthz(connection, encrypted=config.gateway.tls_cert is not None)
    except OSError as error:
        if error.errno == errno.ECONNREFUSED:
            yield Finding("note", f"nobody serves at {address}", "start framebus: framebus up")
        else:
            reason = error.strerror or str(error)
            yield Finding("wrong", f"{address} cannot be reached: {reason}", "name another with listen in [gateway]")
        return
    if b"Server: framebus" in answer:
        yield Finding("ok", f"framebus serves at http{'s' if config.gateway.tls_cert else ''}://{address}/")
    else:
        advice = (
            f"stop it, or name another port with listen in [gateway]; sudo ss -ltnp 'sport = :{address.port}' names it"
        )
        yield Finding("wrong", f"another program listens at {address}", advice)
    if address.is_loopback:
        yield Finding(
            "note",
            "only this machine can watch",
            "`framebus passwd NAME`, and then listen in [gateway], open it to your network",
        )


def _healthz(connection: socket.socket, *, encrypted: bool) -> bytes:
    """What is answered; whose certificate it is does not matter here. Raises OSError."""
    if encrypted:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = context.wrap_socket(connection)
    with connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        return connection.recv(4096)


def camera_found(config: Config, camera: str) -> Iterator[Finding]:
    """What its capture says where one runs, else what it gives when it is tried."""
    if not config.cameras[camera].is_here:
        yield connected_camera(config, camera)
        return
    try:
        Lock(config, camera).close()
    except RunDirError:
        yield running_camera(config, camera)
    else:
        yield tried_camera(config, camera)


def connected_camera(config: Config, camera: str) -> Finding:
    """What is heard of the camera of another machine."""
    where = endpoints.frames(config, camera)
    advice = f"see whether framebus runs there and publishes camera {camera}, and whether a firewall is between"
    if where.client is not None:
        advice += (
            ", and run there: framebus keys list; it has to list the key of this machine, "
            f"{where.client.public}, and its own is {where.server_key} here"
        )
    return status_of(camera, where, Finding("wrong", f"camera {camera}: nothing comes from {where.endpoint}", advice))


def running_camera(config: Config, camera: str) -> Finding:
    """What its capture process says of it."""
    advice = "its log says more; kill it, and supervisord starts it again"
    silent = Finding("wrong", f"camera {camera}: its process runs, and says nothing", advice)
    return status_of(camera, endpoints.frames(config, camera), silent)


def status_of(camera: str, where: endpoints.Endpoint, silent: Finding) -> Finding:
    """What the capture there says, or `silent`."""
    with zmq.Context() as context:
        subscriber = sockets.subscriber(context, where, topic("status", camera))
        try:
            if not subscriber.poll(int(STATUS_SECONDS * 1000)):
                return silent
            _, status = parse(subscriber.recv(), StatusHeader)
        except WireError as error:
            return Finding("wrong", f"camera {camera}: another program publishes at its endpoint: {error}")
        finally:
            subscriber.close()
    if status.state == "offline":
        since = time.strftime("%H:%M:%S", time.localtime(status.since))
        return Finding("wrong", f"camera {camera} is offline since {since}: {status.reason}")
    losses = f"; {status.dropped} frames of the camera were lost" if status.dropped else ""
    losses += f"; {status.bad} were damaged" if status.bad else ""
    picture = f"{status.width}x{status.height} at {status.fps:g} fps"
    return Finding("ok", f"camera {camera} is {status.state}: {status.source}, {picture}{losses}")


def tried_camera(config: Config, camera: str) -> Finding:
    """Take a picture with it."""
    command = [sys.executable, "-P", "-m", "capture", camera, "--try"]
    options = ["--config", str(config.path)] if config.path else []
    try:
        done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Finding(
            "wrong", f"camera {camera}: no answer within {TRIAL_SECONDS:g} s", "unplug it, and plug it in again"
        )
    said = (done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return Finding("wrong" if done.returncode else "ok", f"camera {camera}: {said}")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
