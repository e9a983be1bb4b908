"""What is in the machine of test-systemd: a Debian 13 that boots, and what the package of framebus depends on."""

from tests.debian.chroot import Recipe
from tests.packaging.recipes import DEPENDS

SYSTEM = ("apt", "dbus", "kmod", "passwd", "procps", "python3", "systemd", "systemd-sysv", "udev")
RECIPE = Recipe(command="make test-systemd", packages=(*SYSTEM, *DEPENDS))
