"""A Debian with systemd as its first process, as after power-on, in namespaces of its own: also its network is its own.

It needs no hypervisor, and it boots in two seconds. It has no devices: the kernel's cameras are tests.systemd's part.
"""

import contextlib
import os
import secrets
import subprocess
from pathlib import Path

from tests.packaging.machine import Machine
from tests.processes import wait_until

BOOT_SECONDS = 60.0
CGROUP_TYPE = "cgroup2"
ADDRESS = "192.0.2.7"
"""Of the machine (TEST-NET-1, RFC 5737): the one by which its network would reach it."""
UNSHARE = ("--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--net", "--cgroup")
SCRIPT = """
set -e
lower=$1 place=$2 shared=$3 cgroup=$4 address=$5
root=$place/root
mount -t overlay -o "lowerdir=$lower,upperdir=$place/upper,workdir=$place/work" overlay "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o bind,remount,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    : >"$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$shared" "$root/mnt"
ip link set lo up
ip link add eth0 type veth peer name eth1
ip link set eth1 up
ip address add "$address/24" dev eth0
ip link set eth0 up
cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
rmdir /.old
export container=framebus-test
exec setpriv --bounding-set=-sys_module,-sys_time,-sys_rawio /usr/lib/systemd/systemd </dev/null >/run/boot.log 2>&1
"""
LOG = "/run/boot.log"


class Booted(Machine):
    """A machine whose services run; `reboot` turns it off and on. What is written to its disk stays until `close`."""

    def _line_of_init(self, lower: Path, shared: Path, *, lasting: bool) -> list[str]:
        assert not lasting
        for name in ("upper", "work", "root"):
            (self._place / name).mkdir(exist_ok=True)
        self._place.chmod(0o755)
        self._cgroup = _cgroups() / f"framebus-{secrets.token_hex(4)}"
        self._cgroup.mkdir()
        enter = 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"'
        return [
            *("sh", "-c", enter, "sh", str(self._cgroup)),
            *("unshare", *UNSHARE, "sh", "-c", SCRIPT, "sh"),
            *(str(lower), str(self._place), str(shared), str(self._cgroup), ADDRESS),
        ]

    def path(self, name: str) -> Path:
        """A file of the machine, as seen from outside."""
        return Path(f"/proc/{self._first_process()}/root{name}")

    def reboot(self) -> None:
        """Turn it off as its user does, and on again."""
        self.run("systemctl", "poweroff")
        self._init.ended()
        _remove_cgroup(self._cgroup)
        self._boot()

    def http(self, path: str, *, port: int = 8080, host: str = "127.0.0.1") -> tuple[int, bytes]:
        """The status and the content of an answer to a program in the machine; (0, b"") where nothing answers."""
        script = (
            "import sys, urllib.request, urllib.error\n"
            "try: answer = urllib.request.urlopen(sys.argv[1], timeout=10)\n"
            "except urllib.error.HTTPError as error: answer = error\n"
            "except OSError: print(0); sys.exit()\n"
            "print(answer.status, flush=True); sys.stdout.buffer.write(answer.read())\n"
        )
        line = self._line(["python3", "-c", script, f"http://{host}:{port}{path}"], "root", {})
        done = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)
        status, _, content = done.stdout.partition(b"\n")
        return int(status), content

    def close(self) -> None:
        """Leave nothing of it behind."""
        super().close()
        _remove_cgroup(self._cgroup)
        subprocess.run(["rm", "-rf", "--one-file-system", "--", self._place], check=True)

    def _enter(self) -> list[str]:
        return ["nsenter", f"--target={self._first_process()}", "--all"]

    def _is_made(self) -> bool:
        assert self._init.process.poll() is None, f"the machine ended:\n{self._init.log}"
        with contextlib.suppress(OSError, IndexError):
            if os.path.exists(self.path(LOG)):  # before that, its root is that of this machine
                state = self.run("systemctl", "is-system-running", seconds=BOOT_SECONDS).stdout.strip()
                return state in ("running", "degraded")
        return False


def _cgroups() -> Path:
    """Where the kernel's cgroup2 is mounted."""
    mounts = (line.split() for line in Path("/proc/self/mounts").read_text().splitlines())
    return next(Path(place) for _, place, kind, *_ in mounts if kind == CGROUP_TYPE)


def _remove_cgroup(folder: Path) -> None:
    """With those that systemd has made in it; its processes may still be ending."""

    def is_gone() -> bool:
        for place, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(place)
        return not folder.exists()

    wait_until(is_gone, f"the end of the processes of {folder}")
