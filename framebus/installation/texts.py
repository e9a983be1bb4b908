"""The files that an installation writes: the unit, the configuration and the command. No files are touched here."""

import re
from collections.abc import Sequence
from pathlib import Path

UNIT_NAME = "framebus.service"
SETTINGS_NAME = "framebus-settings.service"
SOCKET_NAME = "framebus-settings.socket"
SERVICE_KEYS = ('run_dir = "/run/framebus"', 'state_dir = "/var/lib/framebus"', 'secrets = "/var/lib/framebus/secrets"')
"""Lines of the sample configuration that the service needs; they are comments there."""
MARK = "# Written by `framebus install`; `framebus uninstall` removes it."


def unit(template: str, python: str, groups: Sequence[str]) -> str:
    """The unit of the service.

    Args:
        template: deploy/framebus.service.
        python: The Python that has framebus.
        groups: Groups that may open cameras and that this machine has: systemd does not start a service with another.
    """
    head = f"# framebus as a systemd service. To change it, run: sudo systemctl edit framebus\n{MARK}"
    text = re.sub(r"\A# .*", head, template)
    text = re.sub(r"SupplementaryGroups=.*", f"SupplementaryGroups={' '.join(groups)}", text)
    if not groups:
        text = re.sub(r"# The groups that may open cameras[^\n]*\nSupplementaryGroups=\n", "", text)
    text = re.sub(r"repeat the first two commands of docs/deploy\.md[^;\"]*", "install framebus again", text)
    return re.sub(r"/opt/framebus(/bin/python)?", lambda _: python, text)


def settings_unit(template: str, python: str) -> str:
    """One of the two units by which the gateway changes the configuration.

    Args:
        template: deploy/framebus-settings.service or deploy/framebus-settings.socket.
        python: The Python that has framebus.
    """
    return f"{MARK}\n{template}".replace("/opt/framebus/bin/python", python)


def configuration(sample: str) -> str:
    """The sample configuration with the folders of the service."""
    for line in SERVICE_KEYS:
        sample = sample.replace(f"\n#{line}\n", f"\n{line}\n")
    return sample


def command(python: str) -> str:
    """/usr/local/bin/framebus."""
    return f'#!/bin/sh\n{MARK}\nexec {python} -P -m framebus "$@"\n'


def packaged(name: str, package: Path) -> Path:
    """A file that lies in an installed package, and elsewhere in a working copy."""
    candidates = (package / name, package.parent / name, package.parent / "deploy" / name)
    return next(file for file in candidates if file.is_file())
