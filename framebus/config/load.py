"""Finds and checks framebus.toml. Each process reads all of it.

The keys of each table are in framebus.config.camera, framebus.config.gateway and framebus.config.snapshot.
framebus.toml at the top of the repository is the commented sample, and a test loads it.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from framebus.config import checked_copy, toml_errors
from framebus.config.camera import MOTION_FPS, CameraConfig
from framebus.config.gateway import GatewayConfig
from framebus.config.motion_zones import check_zones
from framebus.config.program import ProgramConfig, programs
from framebus.config.recorder import RecorderConfig
from framebus.config.renamed_keys import RENAMED, with_new_names
from framebus.config.snapshot import SnapshotConfig
from framebus.config.source_spec import SourceSpec
from framebus.config.strict_toml import ConfigProblems, convert_table
from framebus.config.tcp_rules import check_cameras, check_keys
from framebus.credentials import accounts
from framebus.credentials.secrets_file import SecretsError
from framebus.errors import FramebusError
from framebus.protocol.wire import CAMERA_ALLOWED, CAMERA_PATTERN, is_camera_name
from framebus.runtime.regular_file import NotRegularFileError, read_regular

FILE_NAME = "framebus.toml"
SECRETS_NAME = "framebus.secrets"
"""Beside the configuration, unless that names another."""
RECORDINGS_NAME = "recordings"
"""In state_dir, unless [recorder] names a folder."""
SYSTEM_FILE = Path("/etc/framebus/framebus.toml")
SYSTEM_STATE_DIR = "/var/lib/framebus"
ENVIRONMENT = "FRAMEBUS_CONFIG"
TOP_KEYS = ("run_dir", "state_dir", "secrets", "user", "group")
MAX_CAMERAS = 32
USER_PATTERN = r"[A-Za-z_][A-Za-z0-9_.-]{0,31}"
"""As useradd takes them (useradd(8))."""


class ConfigError(FramebusError):
    """Everything that is wrong with the configuration, a sentence each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class Config(msgspec.Struct, frozen=True):
    """All of framebus.toml. `path` is the file that was read; None where the built-in defaults are in force."""

    path: Path | None
    run_dir: Path
    state_dir: Path
    """What outlives a process: the controls that were set, and who is logged in."""
    secrets: Path
    """The file of people, tokens and keys; see framebus.credentials.secrets_file. It need not be there."""
    user: str | None
    """Who the processes are, when they are started as root."""
    group: str | None
    """Whose members may connect to the sockets, beside the user."""
    cameras: dict[str, CameraConfig]
    gateway: GatewayConfig
    snapshot: SnapshotConfig
    programs: dict[str, ProgramConfig]
    recorder: RecorderConfig
    warnings: tuple[str, ...] = ()
    """What works with this version and not with the next one, a sentence each."""

    @property
    def records(self) -> bool:
        """Whether there is anything to do for the recorder."""
        return any(camera.record_modes for camera in self.cameras.values())

    @property
    def first_camera(self) -> str:
        """The camera that the paths without a name mean."""
        return next(iter(self.cameras))


def load(path: str | os.PathLike[str] | None = None, *, keys: bool = True, system_file: Path = SYSTEM_FILE) -> Config:
    """Read `path`, else $FRAMEBUS_CONFIG, else ./framebus.toml, else the system's file, else take the defaults.

    Args:
        path: The file.
        keys: Whether the secrets file must have what addresses beyond loopback need. The commands that write it pass
            False.
        system_file: The system's file.

    Raises:
        ConfigError: With every mistake of the file.
    """
    file = find(path, system_file)
    if file is None:
        return parse({}, None, keys=keys)
    text = read_text(file)
    original = checked_copy.original_of(text)
    named = file if original is None else original.path
    try:
        table = tomllib.loads(text)
    except ValueError as error:  # also for a number of thousands of digits
        raise ConfigError([f"{named}: {toml_errors.explain(text, str(error))}"]) from None
    except RecursionError:
        raise ConfigError([f"{named}: not valid TOML: lists or tables nested too deep"]) from None
    return parse(table, named, keys=keys, folder=original.folder if original else None)


def read_text(file: Path) -> str:
    """The text of a configuration file. Raises ConfigError."""
    try:
        return read_regular(file).decode("utf-8-sig")  # some editors begin with a byte order mark
    except NotRegularFileError as error:
        raise ConfigError([f"{file}: {error.strerror}"]) from None
    except OSError as error:
        hint = ", for example with sudo" if isinstance(error, PermissionError) else ""
        raise ConfigError([f"{file}: {error.strerror}; allowed: a file that can be read{hint}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            [f"{file}: found a byte that is no UTF-8 at offset {error.start}; allowed: TOML in UTF-8"]
        ) from None


def find(path: str | os.PathLike[str] | None = None, system_file: Path = SYSTEM_FILE) -> Path | None:
    """The file that `load` reads; None for the built-in defaults. A file that was named is not asked to exist."""
    named = path or os.environ.get(ENVIRONMENT)
    if named:
        return checked_copy.existing(Path(named))
    # Not only a file: what else has the name is refused when it is read, rather than passed over.
    # Unlike Path.exists, os.path.exists is False where the current folder cannot be read.
    return next((file for file in (Path(FILE_NAME), system_file) if os.path.exists(file)), None)


def parse(
    table: dict[str, Any],
    path: Path | None,
    *,
    keys: bool = True,
    folder: Path | None = None,
    renamed: Mapping[str, str] = RENAMED,
) -> Config:
    """Check the content of the file.

    Args:
        table: the content.
        path: the file, for messages; None for the built-in defaults.
        keys: as for `load`.
        folder: what relative paths are relative to; by default the folder of the file.
        renamed: old and new names of keys.

    Raises ConfigError with every mistake in it.
    """
    mistakes = ConfigProblems(str(path or FILE_NAME))
    table, warnings = with_new_names(table, mistakes.file, renamed)
    folder = folder or (path.absolute().parent if path else _current_folder())
    for key in [key for key in table if key not in {*TOP_KEYS, "camera", "gateway", "snapshot", "recorder", "program"}]:
        mistakes.unknown(key, [*TOP_KEYS, "[camera.NAME]", "[gateway]", "[snapshot]", "[recorder]", "[program.NAME]"])
    run_dir = _folder(table, "run_dir", default_run_dir(), folder, mistakes)
    state_dir = _folder(table, "state_dir", default_state_dir(run_dir), folder, mistakes)
    secrets = _folder(table, "secrets", SECRETS_NAME, folder, mistakes, "the path of a file")
    user = table.get("user")
    if user is not None and (not isinstance(user, str) or not re.fullmatch(USER_PATTERN, user)):
        mistakes.add("user", user, "the name of a user of this machine")
        user = None
    group = table.get("group")
    if group is not None and (not isinstance(group, str) or not re.fullmatch(USER_PATTERN, group)):
        mistakes.add("group", group, "the name of a group of this machine")
        group = None
    cameras = _cameras(table.get("camera", {}), folder, mistakes)
    started = programs(table.get("program", {}), folder, re.compile(CAMERA_PATTERN), mistakes)
    gateway = convert_table(table.get("gateway", {}), GatewayConfig, "gateway", mistakes)
    gateway = _with_certificate(gateway, folder, mistakes)
    if keys:
        _check_open(gateway, secrets, mistakes)
    for proxy in gateway.trusted_proxies:
        _check_network(proxy, mistakes)
    if gateway.max_viewers > gateway.max_connections:
        most = f"at most max_connections, {gateway.max_connections}; raise that as well"
        mistakes.add("gateway.max_viewers", gateway.max_viewers, most)
    snapshot = convert_table(table.get("snapshot", {}), SnapshotConfig, "snapshot", mistakes)
    if keys:
        check_keys(cameras, snapshot, secrets, mistakes)
    recorder = convert_table(table.get("recorder", {}), RecorderConfig, "recorder", mistakes)
    recorder = _with_anchored_folders(recorder, state_dir, folder, mistakes)
    if mistakes.lines:
        raise ConfigError(mistakes.lines)
    return Config(
        path,
        run_dir,
        state_dir,
        secrets,
        user,
        group,
        cameras,
        gateway,
        snapshot,
        started,
        recorder,
        tuple(warnings),
    )


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was deleted: nothing can be read or created in it
        return Path("/nonexistent")


def default_run_dir() -> str:
    """Where the sockets are when the file does not say."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return f"{runtime}/framebus" if runtime else f"/tmp/framebus-{os.getuid()}"


def default_state_dir(run_dir: Path) -> str:
    """Where the state is when the file does not say: a folder that outlives a reboot, unless this user has none.

    It is the StateDirectory= of a service of systemd (systemd.exec(5)), else that of the XDG Base Directory
    Specification; for root it is /var/lib/framebus.
    """
    service = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if service:
        return service
    xdg = os.environ.get("XDG_STATE_HOME", "")
    if xdg.startswith("/"):  # the specification has others ignored
        return f"{xdg}/framebus"
    if os.geteuid() == 0:
        return SYSTEM_STATE_DIR
    try:
        home = Path.home()
    except RuntimeError:  # a user without a passwd entry, as in containers
        return str(run_dir)
    return f"{home}/.local/state/framebus" if os.access(home, os.W_OK) else str(run_dir)


def _cameras(tables: Any, folder: Path, mistakes: ConfigProblems) -> dict[str, CameraConfig]:
    if not isinstance(tables, dict):
        mistakes.add("camera", tables, "tables: [camera.NAME]")
        return {}
    if len(tables) > MAX_CAMERAS:
        mistakes.add("camera", f"{len(tables)} cameras", f"at most {MAX_CAMERAS}")
    cameras = {}
    for name, table in tables.items():
        if not isinstance(table, dict) and name in CameraConfig.__struct_fields__:
            mistakes.add(f"camera.{name}", table, f"a table for each camera: [camera.front] and in it {name} = …")
            continue
        if not is_camera_name(name):
            mistakes.add(f"camera.{name}", name, f"a camera's name is {CAMERA_ALLOWED}")
        camera = convert_table(table, CameraConfig, f"camera.{name}", mistakes)
        if camera.is_program and isinstance(table, dict) and "idle_fps" not in table:
            camera = msgspec.structs.replace(camera, idle_fps=0.0)  # a program is not asked for pictures of no use
        if camera.has_motion and camera.is_here:
            camera = msgspec.structs.replace(camera, idle_fps=max(camera.idle_fps, min(MOTION_FPS, camera.fps)))
        check_zones(f"camera.{name}.motion_zones", camera.motion_zones, mistakes)
        check_zones(f"camera.{name}.motion_ignore", camera.motion_ignore, mistakes)
        if "motion" in camera.record_modes and not camera.motion:
            mistakes.add(f"camera.{name}.record", "motion", "motion only with motion = true in the same table")
        cameras[name] = _with_anchored_file(camera, folder, f"camera.{name}.source", mistakes)
    check_cameras(tables, cameras, mistakes)
    return cameras or {"front": CameraConfig()}


def _with_certificate(gateway: GatewayConfig, folder: Path, mistakes: ConfigProblems) -> GatewayConfig:
    """The same, the paths of its certificate made absolute."""
    if (gateway.tls_cert is None) != (gateway.tls_key is None):
        missing, there = ("tls_cert", "tls_key") if gateway.tls_cert is None else ("tls_key", "tls_cert")
        mistakes.add(f"gateway.{missing}", "nothing", f"the path of a PEM file, as {there} is set; or neither of them")
        return gateway
    if gateway.tls_cert is None or gateway.tls_key is None:
        return gateway
    return msgspec.structs.replace(
        gateway,
        tls_cert=str(_anchored(gateway.tls_cert, folder, "gateway.tls_cert", mistakes)),
        tls_key=str(_anchored(gateway.tls_key, folder, "gateway.tls_key", mistakes)),
    )


def _with_anchored_folders(
    recorder: RecorderConfig, state_dir: Path, folder: Path, mistakes: ConfigProblems
) -> RecorderConfig:
    """The same, its paths made absolute."""
    for key in ("folder", "mount_point"):
        found = getattr(recorder, key)
        if found is not None and (not found or "\0" in found):
            mistakes.add(f"recorder.{key}", found, "the path of a folder")
            return recorder
    named = recorder.folder or str(state_dir / RECORDINGS_NAME)
    mount = recorder.mount_point
    return msgspec.structs.replace(
        recorder,
        folder=str(_anchored(named, folder, "recorder.folder", mistakes)),
        mount_point=None if mount is None else str(_anchored(mount, folder, "recorder.mount_point", mistakes)),
    )


def _check_network(proxy: str, mistakes: ConfigProblems) -> None:
    from ipaddress import ip_network  # 0.3 MB, which most configurations do not need

    try:
        ip_network(proxy, strict=False)
    except ValueError:
        mistakes.add("gateway.trusted_proxies", proxy, 'addresses or networks such as "127.0.0.1" or "10.0.0.0/8"')


def _check_open(gateway: GatewayConfig, secrets: Path, mistakes: ConfigProblems) -> None:
    """Beyond loopback the gateway needs accounts, or allow_anonymous."""
    try:
        if gateway.listen.is_loopback or gateway.allow_anonymous or accounts.read(secrets):
            return
    except SecretsError as error:
        mistakes.lines.append(str(error))
        return
    mistakes.add(
        "gateway.listen",
        str(gateway.listen),
        "a loopback address such as 127.0.0.1:8080; to let people in with a password, run `framebus passwd NAME` "
        "first; to let everybody who can reach this machine watch, say so with allow_anonymous = true in [gateway]",
    )


def _folder(
    table: dict[str, Any],
    key: str,
    default: str,
    anchor: Path,
    mistakes: ConfigProblems,
    allowed: str = "the path of a folder",
) -> Path:
    """The folder, or the file, that a key names."""
    found = table.get(key, default)
    if not isinstance(found, str) or not found or "\0" in found:
        mistakes.add(key, found, allowed)
        found = default
    return _anchored(found, anchor, key, mistakes)


def _anchored(path: str, folder: Path, key: str, mistakes: ConfigProblems) -> Path:
    """The path, made absolute."""
    try:
        return folder / Path(path).expanduser()
    except RuntimeError:  # ~NAME of a user that does not exist
        mistakes.add(key, path, "a path without ~, as there is no such home folder here")
        return folder / path


def _with_anchored_file(camera: CameraConfig, folder: Path, key: str, mistakes: ConfigProblems) -> CameraConfig:
    """The same camera, the path of its file made absolute."""
    source = camera.source
    if source.kind != "media" or "://" in source.target:
        return camera
    file = _anchored(source.target, folder, key, mistakes)
    return msgspec.structs.replace(camera, source=SourceSpec("media", str(file)))
