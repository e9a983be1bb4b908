"""Boot a Debian 13 that has the package of framebus, under systemd, on a kernel with a camera; there `inside` runs.

The camera is the kernel's vivid. Needs root, and what `make test-v4l2` and `make test-packages` need.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.debian.chroot import SetupError as DebianError
from tests.debian.chroot import cache_folder, chroot, lock, remove
from tests.packaging import built
from tests.packaging.machine import Machine
from tests.packaging.release import debian_package
from tests.systemd.recipe import RECIPE
from tests.vm.__main__ import cache_folder as kernels
from tests.vm.kernel import SetupError, kernel
from tests.vm.machine import MachineError, run

HERE = Path(__file__).parent
PACKAGE = "framebus.deb"
LIMIT_SECONDS = 1200
"""Of the boot; it takes a quarter of that on two quiet processors."""
COULD_NOT_RUN = 3


def main() -> int:
    """Returns 0 if all is as it has to be, else 1, or COULD_NOT_RUN."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    begin = time.monotonic()
    try:
        made = kernel(kernels(os.environ))
        with tempfile.TemporaryDirectory(prefix="framebus-systemd-") as folder:
            shared = Path(folder) / "shared"
            shared.mkdir()
            package = build(shared)
            debian = Path(folder) / "debian"
            try:
                install(package, debian)
                files = {
                    "debian": str(debian).encode(),
                    "modules": str(made.root / "lib" / "modules").encode(),
                    "inside.py": (HERE / "inside.py").read_bytes(),
                    "framebus-test.service": (HERE / "framebus-test.service").read_bytes(),
                    PACKAGE: package.read_bytes(),
                }
                command = ["python3", "-u", "/job/inside.py"]
                return run(made, command, Path("/"), {}, LIMIT_SECONDS, init=HERE / "init.sh", files=files)
            finally:
                remove(debian)
    except (DebianError, SetupError, MachineError) as error:
        print(f"make test-systemd: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    finally:
        print(f"{time.monotonic() - begin:.0f} s in all", flush=True)


def build(shared: Path) -> Path:
    """The Debian package of this working copy, built in this folder."""
    shared.chmod(0o777)
    built.wheel_and_sdist(shared)
    return debian_package(shared)


def install(package: Path, folder: Path) -> None:
    """Make a copy of the Debian, with the package installed as in an image of a card that has not booted yet."""
    cache = cache_folder(os.environ, "systemd")
    with lock(cache):
        subprocess.run(["cp", "--archive", chroot(cache, RECIPE), folder], check=True)
    with Machine(folder, package.parent, package.with_name("log"), lasting=True) as machine:
        machine.do("dpkg", "--install", f"/mnt/{package.name}")


if __name__ == "__main__":
    sys.exit(main())
