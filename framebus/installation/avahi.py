"""Announces the page in the local network through avahi (mDNS), as Debian and Raspberry Pi OS have it.

A service file costs nothing while framebus runs; a responder of its own would be a second one on the same port.
"""

import contextlib
from pathlib import Path

SERVICES = Path("/etc/avahi/services")
FILE_NAME = "framebus.service"
SERVICE = """\
<?xml version="1.0" standalone="no"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<!-- Written by `framebus open`; `framebus close` removes it. -->
<service-group>
  <name replace-wildcards="yes">framebus on %h</name>
  <service>
    <type>_{scheme}._tcp</type>
    <port>{port}</port>
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
    try:
        (services / FILE_NAME).write_text(SERVICE.format(scheme="https" if encrypted else "http", port=port))
        (services / FILE_NAME).chmod(0o644)
    except OSError:
        return False
    return True


def silence(services: Path = SERVICES) -> None:
    """Announce it no more."""
    with contextlib.suppress(OSError):
        (services / FILE_NAME).unlink()
