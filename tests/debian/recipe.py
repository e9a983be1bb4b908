"""What is in the chroot of `make test-debian`: every package of Debian's that framebus and its tests can use."""

import subprocess

from tests.debian.chroot import ROOT, Recipe

USER = "tester"
RUNTIME = (
    "python3-av",
    "python3-msgspec",
    "python3-numpy",
    "python3-pil",
    "python3-prometheus-client",
    "python3-tomlkit",
    "python3-tornado",
    "python3-zmq",
    "supervisor",
)
"""What framebus needs, as apt has it on Debian 13 and Raspberry Pi OS."""
TESTS = (
    "python3-flask",
    "python3-hypothesis",
    "python3-packaging",
    "python3-paho-mqtt",
    "python3-pytest",
    "python3-pytest-asyncio",
    "python3-pytest-timeout",
    "python3-pytest-xdist",
    "python3-yaml",
    "make",
    "procps",
    "util-linux",
)
PYPI = ("greenlet", "mcap", "opencv-python-headless", "picamera2", "playwright", "pyee", "simplejpeg", "videodev2")
"""What Debian lacks, or has with a gigabyte of what the tests do not need."""


def _programs() -> tuple[str, ...]:
    """What `make test` installs by apt."""
    listed = subprocess.run([ROOT / "tests" / "system_packages.sh", "list", "tests"], capture_output=True, check=True)
    return tuple(listed.stdout.decode().split())


RECIPE = Recipe(command="make test-debian", packages=(*RUNTIME, *TESTS, *_programs()), pypi=PYPI, user=USER)
