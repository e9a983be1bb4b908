"""The Debian package: how it is built, installed and judged in a machine."""

from pathlib import Path

from tests.packaging import built
from tests.packaging.machine import Machine
from tests.packaging.recipes import USER

LOGS = ("/var/log/", "/var/cache/", "/var/lib/apt/", "/var/lib/dpkg/", "/etc/passwd-", "/etc/group-", "/etc/shadow-")
MORE_LOGS = ("/etc/gshadow-", "/etc/subuid", "/etc/subgid", "/etc/.pwd.lock")
"""What dpkg and useradd themselves write of everything that they do."""
PRIVATE = "/var/tmp/systemd-private-"
"""The /var/tmp of a service that runs or ran (PrivateTmp=), as of systemd's own."""
NONINTERACTIVE = {"DEBIAN_FRONTEND": "noninteractive"}


def build_deb(builder: Machine, shared: Path, name: str, sdist: Path | None = None) -> Path:
    """Build the package of an sdist in /mnt, into a folder of this name there, as a plain user."""
    folder = shared / name
    folder.mkdir()
    folder.chmod(0o777)
    chosen = sdist or built.the_only(shared, "*.tar.gz")
    carried = built.the_only(shared, "videodev2-*.whl").name
    builder.do("/mnt/build.sh", f"/mnt/{chosen.name}", f"/mnt/{carried}", f"/mnt/{name}", user=USER)
    return built.the_only(folder, "*.deb")


def install(machine: Machine, package: Path) -> str:
    """By apt, from the local file; returns what it said."""
    name = f"/mnt/{package.parent.name}/{package.name}"
    apt = ("apt-get", "install", "--yes", "--no-install-recommends", name)
    return machine.do(*apt, variables=NONINTERACTIVE)


def everything(machine: Machine) -> set[str]:
    """Every file there is, and every line of /etc/passwd and /etc/group."""
    listed = machine.do("find", "/", "-xdev", "-path", "/usr/lib/python3*/__pycache__", "-prune", "-o", "-print")
    accounts = machine.do("cat", "/etc/passwd", "/etc/group")
    return {line for line in listed.splitlines() if not line.startswith((*LOGS, *MORE_LOGS, PRIVATE))} | set(
        accounts.splitlines()
    )
