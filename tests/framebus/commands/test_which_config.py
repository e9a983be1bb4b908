"""Which configuration a command works on: with and without root, with a running framebus, and from any folder."""

import os
import pwd
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from framebus.commands import which_config
from framebus.config.load import ConfigError
from framebus.credentials import accounts
from tests.conftest import TESTCARD, Configure, Start
from tests.framebus.commands.procfs import add_process, add_supervisor, make_procfs
from tests.installed import Installed
from tests.processes import python, wait_until

NOBODY = pwd.getpwnam("nobody")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    return make_procfs(tmp_path)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that all users can read."""
    with tempfile.TemporaryDirectory(prefix="framebus-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_running_framebus_is_found_with_its_user(proc: Path) -> None:
    add_supervisor(proc, 7, "/etc/framebus/framebus.toml")
    assert which_config.supervisors(proc) == [
        which_config.Supervisor(7, 999, (44, 999), Path("/etc/framebus/framebus.toml"), Path("/run/framebus"))
    ]


def test_the_configuration_is_the_original_and_not_the_copy_of_the_processes(proc: Path) -> None:
    environment = {"FRAMEBUS_CONFIG": "/run/framebus/checked.toml", "FRAMEBUS_RUN_DIR": "/run/framebus"}
    command = "python -P -m framebus.supervision -n -c x.conf"
    add_process(proc, 7, command, {**environment, "FRAMEBUS_ORIGINAL_CONFIG": "/etc/framebus/framebus.toml"})
    add_process(proc, 8, command, {**environment, "FRAMEBUS_ORIGINAL_CONFIG": ""})  # the built-in defaults
    assert [one.config for one in which_config.supervisors(proc)] == [Path("/etc/framebus/framebus.toml")]


def test_other_processes_are_no_framebus(proc: Path) -> None:
    both = {"FRAMEBUS_CONFIG": "/a.toml", "FRAMEBUS_RUN_DIR": "/run"}
    add_process(proc, 7, "python -m gateway", both)
    add_process(proc, 8, "python -m supervisor.supervisord -c other.conf", {})
    add_supervisor(proc, 9, "/in/a/container.toml", pid_namespace="pid:[2]")
    (proc / "10").mkdir()  # has ended
    add_supervisor(proc, 11, "/of/a/user.toml", uid=0, executable="/usr/bin/su")
    assert which_config.supervisors(proc) == []


def test_what_was_named_comes_first(proc: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    add_supervisor(proc, 7, "/running.toml")
    monkeypatch.setenv("FRAMEBUS_CONFIG", "/environment.toml")
    assert which_config.locate("/named.toml", proc) == Path("/named.toml")
    assert which_config.locate(None, proc) == Path("/environment.toml")


@pytest.mark.parametrize("root", [True, False])
def test_the_order_without_a_name(root: bool, proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root works on the service, an ordinary user on the working copy in the current folder."""
    monkeypatch.delenv("FRAMEBUS_CONFIG", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    copy, system, running = (tmp_path / name for name in ("copy", "system.toml", "running.toml"))
    copy.mkdir()
    monkeypatch.chdir(copy)

    def located() -> Path | None:
        return which_config.locate(None, proc, system)

    assert located() is None
    (copy / "framebus.toml").touch()
    assert located() == Path("framebus.toml")
    running.touch()
    add_supervisor(proc, 7, str(running), uid=0)
    assert located() == (running if root else Path("framebus.toml"))
    system.touch()
    assert located() == (system if root else Path("framebus.toml"))
    (copy / "framebus.toml").unlink()
    assert located() == (system if root else running)


def test_several_running_ones_are_no_guess(proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRAMEBUS_CONFIG", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.chdir(tmp_path)
    system = tmp_path / "system.toml"
    add_supervisor(proc, 7, "/a.toml", uid=0)
    add_supervisor(proc, 8, "/b.toml", uid=0)
    with pytest.raises(ConfigError) as refused:
        which_config.locate(None, proc, system)
    assert (
        str(refused.value) == "several framebus run here; name the configuration of one with --config: /a.toml, /b.toml"
    )
    add_supervisor(proc, 9, str(tmp_path / "framebus.toml"), uid=0)
    assert which_config.locate(None, proc, system) == tmp_path / "framebus.toml"
    system.touch()
    assert which_config.locate(None, proc, system) == system


def test_the_real_supervisor_is_found(configure: Configure, start: Start) -> None:
    config = configure()
    up = start("framebus", "up", config=config)
    up.wait_for("publishes at")
    wait_until(lambda: any(one.pid == up.pid for one in which_config.supervisors()), "the supervisor in /proc")
    found = next(one for one in which_config.supervisors() if one.pid == up.pid)
    assert (found.uid, found.config, found.run_dir) == (os.geteuid(), config.path, config.run_dir)


def run(*command: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("FRAMEBUS_CONFIG", "XDG_RUNTIME_DIR")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=30, check=False, **options
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("passwd",),
        ("token", "list"),
        ("keys", "list"),
        ("watch", "nosuch"),
        ("controls", "nosuch"),
        ("config", "--check"),
    ],
)
def test_every_command_names_the_configuration_that_it_found(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "framebus.toml").write_text(f'run_dir = "run"\nsecrets = "kept"\n{TESTCARD}')
    environment = {**os.environ, "FRAMEBUS_CONFIG": "framebus.toml", "PYTHONPATH": str(Path(__file__).parents[3])}
    command = python("framebus", *arguments)
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert str(tmp_path / "framebus.toml") in done.stdout + done.stderr
    if arguments[0] in ("passwd", "token", "keys"):
        assert f"secrets: {tmp_path / 'kept'}\n" in done.stderr


DELETED = "the current folder was deleted; change to another one, or name a file with --config\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("passwd", "anna"), DELETED),
        (("token", "add", "printer"), DELETED),
        (("keys", "server"), DELETED),
        (("cert",), "the current folder was deleted; name another one with -o and its full path\n"),
        (("watch", "front", "-n", "1"), "no frame of camera front within"),
    ],
)
def test_a_deleted_folder_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path, run_dir: Path
) -> None:
    """Without a service or a configuration; the defaults are for an ordinary user as for root."""
    script = (
        "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone');"
        "from pathlib import Path; from framebus.commands import which_config, watch; from framebus import __main__;"
        "which_config.supervisors = lambda *_: []; which_config.SYSTEM_FILE = Path('/nonexistent');"
        f"watch.SILENCE_SECONDS = 0.1; os.environ['XDG_RUNTIME_DIR'] = {str(run_dir)!r};"  # a framebus may run here
        f"sys.argv = ['framebus', *{arguments!r}]; sys.exit(__main__.main())"
    )
    done = run(python()[0], "-c", script, cwd=tmp_path, input="correct horse\n")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode in (1, 2)


@pytest.mark.slow
@pytest.mark.root
def test_a_folder_that_cannot_be_read_is_no_traceback(place: Path) -> None:
    installed = Installed(place)
    home = place / "home"
    home.mkdir(mode=0o700)
    for arguments in (("doctor",), ("watch", "front", "-n", "1"), ("passwd",), ("config", "--check")):
        done = subprocess.run(
            installed.command("framebus", *arguments),
            cwd=home,
            env={"PATH": os.environ["PATH"], **installed.environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            user=NOBODY.pw_uid,
            group=NOBODY.pw_gid,
            extra_groups=[],
        )
        assert "Traceback" not in done.stdout + done.stderr, arguments


@pytest.mark.slow
@pytest.mark.root
def test_doctor_of_root_in_a_private_home_examines_the_service_as_its_user(place: Path, free_port: int) -> None:
    installed = Installed(place)
    home = place / "home"
    home.mkdir(mode=0o700)
    folders = 'run_dir = "run"\nstate_dir = "state"'
    (place / "framebus.toml").write_text(
        f'user = "nobody"\n{folders}\n{TESTCARD}\n[gateway]\nlisten = "127.0.0.1:{free_port}"\n'
    )
    done = subprocess.run(
        installed.command("framebus", "doctor", "--config", "../framebus.toml"),
        cwd=home,
        env={"PATH": os.environ["PATH"], **installed.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert f"the sockets are in {place}/run\n" in done.stdout, done.stdout + done.stderr
    assert (place / "run").stat().st_uid == NOBODY.pw_uid
    assert "camera front: testcard: a picture of 320x240" in done.stdout


@pytest.mark.slow
@pytest.mark.root
def test_doctor_of_root_examines_a_running_service_as_its_user(place: Path, free_port: int) -> None:
    """systemd starts it with User=, and the configuration names no user."""
    installed = Installed(place)
    (place / "state").mkdir()
    os.chown(place / "state", NOBODY.pw_uid, NOBODY.pw_gid)
    file = place / "framebus.toml"
    file.write_text(f'state_dir = "state"\n{TESTCARD}\n[gateway]\nlisten = "127.0.0.1:{free_port}"\n')
    environment = {"PATH": os.environ["PATH"], **installed.environment}
    up = subprocess.Popen(
        installed.command("framebus", "up", "--config", str(file)),
        cwd="/",
        env={**environment, "XDG_RUNTIME_DIR": str(place / "state")},
        stdout=subprocess.DEVNULL,
        user=NOBODY.pw_uid,
        group=NOBODY.pw_gid,
        extra_groups=[],
    )
    try:
        wait_until(lambda: (place / "state" / "framebus" / "front.frames").exists(), "the socket of the camera")
        done = subprocess.run(
            installed.command("framebus", "doctor", "--config", str(file)),
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        up.terminate()
        up.wait(30)
    assert f"the sockets are in {place}/state/framebus\n" in done.stdout, done.stdout + done.stderr
    assert "camera front is " in done.stdout
    assert "runs as root" not in done.stdout


@pytest.mark.medium
@pytest.mark.root
def test_root_changes_the_secrets_of_the_service_and_not_of_the_working_copy(
    place: Path, configure: Configure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`sudo framebus passwd bob` in a working copy, while the framebus of the user who ran sudo runs elsewhere."""
    config = configure()
    for path in (config.run_dir, *config.run_dir.iterdir()):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    config.run_dir.chmod(0o755)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "framebus.toml").write_text(TESTCARD)
    script = (
        "import sys;"
        "from pathlib import Path; from framebus.commands import which_config; from framebus import __main__;"
        f"config, run_dir = Path({str(config.path)!r}), Path({str(config.run_dir)!r});"
        f"one = which_config.Supervisor(1, {NOBODY.pw_uid}, (), config, run_dir);"
        "which_config.supervisors = lambda *_: [one]; which_config.SYSTEM_FILE = Path('/nonexistent');"
        "sys.argv = ['framebus', 'passwd', 'bob']; sys.exit(__main__.main())"
    )
    monkeypatch.setenv("SUDO_UID", str(NOBODY.pw_uid))
    done = run(python()[0], "-c", script, cwd=copy, input="correct horse\n")
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"configuration: {config.path}; secrets: {config.secrets}\n"
    assert list(accounts.read(config.secrets).users) == ["bob"]
    assert not (copy / "framebus.secrets").exists()
    for file in (config.secrets, config.secrets.with_name(f"{config.secrets.name}.lock")):
        assert file.stat().st_uid == NOBODY.pw_uid


@pytest.mark.root
@pytest.mark.parametrize("arguments", [("watch", "front", "-n", "1"), ("snapshot", "front", "-o", "-")])
def test_a_user_who_cannot_read_the_secrets_can_use_the_cameras(
    arguments: tuple[str, ...], place: Path, start: Start, free_port: int
) -> None:
    installed = Installed(place)
    (place / "run").mkdir(mode=0o700)
    (place / "private").mkdir(mode=0o700)
    file = place / "framebus.toml"
    file.write_text(
        f'run_dir = "run"\nsecrets = "private/secrets"\n{TESTCARD}\n[gateway]\nlisten = "0.0.0.0:{free_port}"\n'
    )
    with accounts.changing(place / "private" / "secrets") as changed:
        changed.users["anna"] = accounts.User("x")
    start("capture", "front", "--config", str(file)).wait_for("publishes at")
    start("snapshot", "--config", str(file)).wait_for(" INFO ")
    for path in ((place / "run"), *(place / "run").iterdir()):
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    done = subprocess.run(
        installed.command("framebus", *arguments, "--config", str(file)),
        cwd="/",
        env={"PATH": os.environ["PATH"], **installed.environment},
        capture_output=True,
        timeout=60,
        check=False,
        user=NOBODY.pw_uid,
        group=NOBODY.pw_gid,
        extra_groups=[],
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"front:" in done.stdout or done.stdout.startswith(b"\xff\xd8")
