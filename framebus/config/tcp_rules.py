"""What the configuration may say of endpoints over tcp: nothing that strangers can use, unless it says so in words."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from framebus.config.camera import CameraConfig
from framebus.config.snapshot import SnapshotConfig
from framebus.config.strict_toml import ConfigProblems
from framebus.config.tcp_endpoint import TcpEndpoint
from framebus.credentials.curve_keys import CurveKeys, read
from framebus.credentials.secrets_file import SecretsError

OF_A_CONNECTION = (
    *("connect", "connect_control", "server_key", "insecure_tcp", "idle_fps", "still_size", "title"),
    *("motion", "motion_zones", "motion_ignore", "motion_min_area", "motion_sensitivity"),
    *("record", "record_fps", "record_rendition", "pre_roll", "pre_roll_mb", "post_roll"),
)
"""Keys of a camera of another machine. `idle_fps` and `still_size` tell the snapshot service what to expect of it, and
`title` is for the page here."""

HOST_PATTERN = "[A-Za-z0-9._:%-]+"
"""What libzmq takes for a name or an address to connect to (its ip_resolver.cpp)."""


def check_cameras(tables: Mapping[str, Any], cameras: Mapping[str, CameraConfig], mistakes: ConfigProblems) -> None:
    """Note what does not go together in the table of a camera; `tables` say which keys stand there."""
    for name, camera in cameras.items():
        where = f"camera.{name}"
        table = tables[name] if isinstance(tables[name], dict) else {}
        if camera.connect is None:
            for key in ("connect_control", "server_key"):
                if getattr(camera, key) is not None:
                    mistakes.add(f"{where}.{key}", str(getattr(camera, key)), f"only beside connect in [{where}]")
            continue
        for key in table:
            if key in CameraConfig.__struct_fields__ and key not in OF_A_CONNECTION:
                allowed = (
                    f"only on the machine that has the camera; beside connect there is {', '.join(OF_A_CONNECTION[1:])}"
                )
                mistakes.add(f"{where}.{key}", table[key], allowed)
        for key, endpoint in _connections(camera):
            host = endpoint.address.host
            if host in ("0.0.0.0", "::") or not re.fullmatch(HOST_PATTERN, host):
                mistakes.add(f"{where}.{key}", str(endpoint), "the address of one machine, such as tcp://10.0.0.7:5555")


def _connections(camera: CameraConfig) -> Iterator[tuple[str, TcpEndpoint]]:
    """The keys and the endpoints on another machine."""
    for key, endpoint in (("connect", camera.connect), ("connect_control", camera.connect_control)):
        if endpoint is not None:
            yield key, endpoint


def check_keys(
    cameras: Mapping[str, CameraConfig], snapshot: SnapshotConfig, secrets: Path, mistakes: ConfigProblems
) -> None:
    """Note the endpoints whose keys are missing. The secrets file is read only if an endpoint needs keys."""
    _check_connections(cameras, mistakes)
    open_ones = list(_beyond_loopback(cameras, snapshot))
    known = [name for name, camera in cameras.items() if camera.connect is not None and camera.server_key is not None]
    if not open_ones and not known:
        return
    try:
        keys = read(secrets)
    except SecretsError as error:
        mistakes.lines.append(f"{mistakes.file}: secrets: {error}")
        return
    for key, endpoint in open_ones if keys.server is None or not keys.clients else ():
        mistakes.add(key, endpoint, _what_to_run(keys, key.rpartition(".")[0]))
    for name in known if keys.client is None else ():
        mistakes.add(
            f"camera.{name}.server_key",
            str(cameras[name].server_key),
            f"only with a key of this machine in {secrets}: run `framebus keys client`",
        )


def _check_connections(cameras: Mapping[str, CameraConfig], mistakes: ConfigProblems) -> None:
    """Note the machines that are connected to without knowing them."""
    for name, camera in cameras.items():
        if camera.is_here or camera.server_key is not None or camera.insecure_tcp:
            continue
        for key, endpoint in _connections(camera):
            if not endpoint.address.is_loopback:
                mistakes.add(
                    f"camera.{name}.{key}",
                    str(endpoint),
                    "another machine only with its key: run `framebus keys server` there, and write it here as "
                    f"server_key in [camera.{name}]; for one without keys, unencrypted, say so with insecure_tcp = "
                    f"true in [camera.{name}]",
                )


def _beyond_loopback(cameras: Mapping[str, CameraConfig], snapshot: SnapshotConfig) -> Iterator[tuple[str, str]]:
    """The keys and the endpoints that other machines could reach, and that shall not be open to all."""
    offered = [
        *((f"camera.{name}.publish", camera.publish, camera.insecure_tcp) for name, camera in cameras.items()),
        *((f"camera.{name}.control", camera.control, camera.insecure_tcp) for name, camera in cameras.items()),
        ("snapshot.listen", snapshot.listen, snapshot.insecure_tcp),
    ]
    for key, endpoint, insecure in offered:
        if endpoint is not None and not endpoint.address.is_loopback and not insecure:
            yield key, str(endpoint)


def _what_to_run(keys: CurveKeys, table: str) -> str:
    missing = "a key of this machine and of a client" if keys.server is None else "the key of a client"
    return (
        f"an address beyond this machine only with {missing}: run `framebus keys add NAME` for each machine that shall "
        "connect; to let everybody who can reach this machine in, unencrypted, say so with insecure_tcp = true in "
        f"[{table}]"
    )
