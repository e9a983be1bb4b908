"""The chroots in which framebus is built, and those in which it is installed from its packages alone."""

from tests.debian.chroot import Recipe

COMMAND = "make test-packages"
PYTHON = ("apt", "passwd", "python3", "python3-venv", "pipx")
DEPENDS = (
    "adduser",
    "python3-msgspec",
    "python3-pil",
    "python3-prometheus-client",
    "python3-tomlkit",
    "python3-tornado",
    "python3-zmq",
    "supervisor",
)
"""Of the Debian package, beside Python; a test compares them with what it says."""
BUILD = (
    "debhelper",
    "dh-python",
    "dpkg-dev",
    "lintian",
    "pybuild-plugin-pyproject",
    "python3-all",
    "python3-hatchling",
)
"""What deploy/debian/build.sh needs, and what judges its work."""
SYSTEM = ("avahi-daemon", "avahi-utils", "dbus", "procps", "python3-segno", "sudo", "systemd", "systemd-sysv")
"""What a machine has where services run."""
USER = "anna"

RECIPES = {
    "bookworm": Recipe(command=COMMAND, packages=PYTHON, user=USER, release="bookworm"),
    "trixie": Recipe(command=COMMAND, packages=(*PYTHON, *DEPENDS), user=USER),
    "booted": Recipe(command=COMMAND, packages=(*PYTHON, *DEPENDS, *SYSTEM), user=USER),
    "builder": Recipe(command=COMMAND, packages=("passwd", *BUILD), user=USER),
}
"""Each under the name of the folder that keeps its chroot."""
PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
"""Debian's, as pip names them."""
