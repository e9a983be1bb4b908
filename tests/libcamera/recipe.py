"""What is in the chroot of these tests: Debian's Python, libcamera with its own virtual camera, and picamera2.

Debian's own packages wherever there are some, as on Raspberry Pi OS; the rest by pip.
"""

from pathlib import Path

from tests.debian.chroot import Recipe

RECIPE = Recipe(
    command="make test-libcamera",
    packages=(
        "python3-msgspec",
        "python3-numpy",
        "python3-piexif",
        "python3-pil",
        "python3-prctl",
        "python3-pytest",
        "python3-pytest-asyncio",
        "python3-pytest-timeout",
        "python3-zmq",
    ),
    # With trixie's own 0.4.0 the virtual camera gives no frame.
    backports=("python3-libcamera", "libcamera-ipa"),
    pypi=("picamera2", "simplejpeg", "videodev2"),
    files=((Path(__file__).with_name("virtual.yaml"), "usr/share/libcamera/pipeline/virtual/virtual.yaml"),),
)
