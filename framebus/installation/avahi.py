"""Announces the page in the local network through avahi (mDNS), as Debian and Raspberry Pi OS have it.

It announces the name of the machine, the port, and whether that speaks TLS, and nothing of cameras and people. A
service file costs nothing while framebus runs; a responder of its own would be a second one on the same port.
"""

import contextlib
from pathlib import Path

from framebus.runtime.atomic_write import write_atomically

SERVICES = Path("/etc/avahi/services")
FILE_NAME = "framebus.service"
MARK = "Written by `framebus open`"
"""Also where the settings in the page opened it. deploy/debian/postrm looks for it."""
SERVICE = f"""\
<?xml version="1.0" standalone="no"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<!-- {MARK}; `framebus close` removes it. -->
<service-group>
  <name replace-wildcards="yes">framebus on %h</name>
  <service>
    <type>_{{scheme}}._tcp</type>
    <port>{{port}}</port>
  </service>
</service-group>
"""


def announce(port: int, *, encrypted: bool, services: Path = SERVICES) -> bool:
    """Announce the page, where avahi is installed and this user may.

    Args:
        port: Where the gateway listens.
        encrypted: Whether it speaks TLS.
        services: The folder that avahi reads (avahi.service(5)).

    Returns:
        Whether it is announced.
    """
    file = services / FILE_NAME
    content = SERVICE.format(scheme="https" if encrypted else "http", port=port)
    if file.exists() and not _is_ours(file):
        return False
    try:
        write_atomically(file, content.encode(), 0o644, exact_mode=True)
    except OSError:
        return False
    return True


def silence(services: Path = SERVICES) -> None:
    """Announce it no more. A file of another program stays."""
    with contextlib.suppress(OSError):
        for file in own_files(services):
            file.unlink()


def own_files(services: Path = SERVICES) -> list[Path]:
    """The file, where `framebus open` wrote it."""
    return [services / FILE_NAME] if _is_ours(services / FILE_NAME) else []


def _is_ours(file: Path) -> bool:
    try:
        return MARK in file.read_text(errors="replace")
    except OSError:
        return False
