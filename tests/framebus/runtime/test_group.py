"""A group of the configuration may connect to the sockets; without one, nobody but the user may."""

import grp
import os
import sys
import tempfile
from pathlib import Path

import pytest

from framebus.client.silence import reason
from framebus.config.load import Config, ConfigError, load, parse
from framebus.runtime.run_dir import RunDirError, frames_endpoint, prepare, share_socket
from framebus.transport.endpoints import Endpoint
from tests.conftest import Configure, Start
from tests.installed import NOBODY
from tests.processes import Running


def own_group() -> str:
    return grp.getgrgid(os.getegid()).gr_name


def modes(config: Config) -> dict[str, str]:
    files = [config.run_dir, *config.run_dir.iterdir()]
    return {file.name: oct(file.stat().st_mode & 0o777) for file in files if file.is_dir() or file.is_socket()}


def test_the_folder_and_the_sockets_are_shared(configure: Configure, start: Start) -> None:
    config = configure(f'group = "{own_group()}"\n[camera.front]\nsource = "testcard"\n')
    start("capture", "front", config=config).wait_for("publishes at")
    start("snapshot", config=config).wait_for("answers at")

    found = modes(config)
    assert found.pop(config.run_dir.name) == "0o750"
    assert found == {"front.frames": "0o660", "front.control": "0o660", "snapshot": "0o660"}
    assert (config.run_dir / "front.lock").stat().st_mode & 0o777 == 0o600


def test_without_a_group_they_are_closed(configure: Configure, start: Start) -> None:
    config = configure()
    start("capture", "front", config=config).wait_for("publishes at")

    assert modes(config) == {config.run_dir.name: "0o700", "front.frames": "0o700", "front.control": "0o700"}


def test_a_folder_that_was_shared_is_closed_again(configure: Configure) -> None:
    config = configure()
    config.run_dir.chmod(0o750)
    prepare(config)
    assert config.run_dir.stat().st_mode & 0o777 == 0o700


def test_a_group_that_does_not_exist_is_said(configure: Configure) -> None:
    with pytest.raises(RunDirError) as caught:
        configure('group = "no-such-group"\n')
    assert str(caught.value) == "group no-such-group: there is no such group on this machine"
    with pytest.raises(ConfigError, match=r"group: found 5; allowed: the name of a group of this machine"):
        parse({"group": 5}, None)


def test_an_endpoint_that_is_no_file_is_left_alone() -> None:
    share_socket("tcp://127.0.0.1:5555", own_group())


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_group_of_others_is_said(run_dir: Path) -> None:
    run_dir.chmod(0o700)
    os.chown(run_dir, NOBODY, -1)
    file = run_dir / "framebus.toml"
    file.write_text(f'run_dir = "{run_dir}"\ngroup = "video"\n')
    config = load(file)
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setuid(NOBODY)
        try:
            prepare(config)
        except RunDirError as error:
            expected = (
                f"{run_dir} cannot be given to group video, as user nobody is not in it; run: sudo adduser nobody video"
            )
            os._exit(0 if str(error) == expected else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("member", [True, False])
def test_another_user_connects_where_it_is_a_member(member: bool, configure: Configure, start: Start) -> None:
    config = configure('group = "video"\n[camera.front]\nsource = "testcard"\nsize = "320x240"\n')
    start("capture", "front", config=config).wait_for("publishes at")
    endpoint = Endpoint(frames_endpoint(config.run_dir, "front"))
    group = grp.getgrnam("video").gr_gid
    pid = os.fork()
    if pid == 0:
        os.setgroups([group] if member else [])
        os.setuid(NOBODY)
        why = reason(endpoint)
        os._exit(0 if (why == "") == member and ("Permission denied" in why) != member else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.root
@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_bind_mount_is_enough_for_a_container(configure: Configure, start: Start, tmp_path: Path) -> None:
    """Also after capture was started again: the mount is of the folder, in which it makes new sockets."""
    config = configure('[camera.front]\nsource = "testcard"\nsize = "320x240"\n')
    file, inside = tmp_path / "framebus.toml", Path(tempfile.mkdtemp(prefix="inside-"))
    file.write_text(f'run_dir = "{inside}"\n[camera.front]\nsource = "testcard"\n')
    script = (
        "import sys; from framebus import Subscriber\n"
        "with Subscriber('front', config=sys.argv[1], timeout=30) as viewer:\n"
        "    epoch = viewer.receive().epoch; print('sees it', flush=True)\n"
        "    while viewer.receive().epoch == epoch: pass\n"
        "    print('sees it again', flush=True)\n"
    )
    mounted = 'mount --bind "$0" "$1" && exec "$2" -c "$3" "$4"'
    command = ("unshare", "--mount", "sh", "-c", mounted, str(config.run_dir), str(inside), sys.executable, script)
    first = start("capture", "front", config=config)
    contained = Running(*command, str(file), log=tmp_path / "contained.log")
    try:
        contained.wait_for("sees it\n")
        first.terminate()
        start("capture", "front", config=config)
        contained.wait_for("sees it again")
    finally:
        contained.close()
        inside.rmdir()
