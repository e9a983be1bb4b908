"""The guest's kernel: Debian's own, of which only the boot image and the drivers that the tests need are kept.

Made once per version of the kernel's package, outside the repository. tests.vm.machine starts it.
"""

import fcntl
import lzma
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

META_PACKAGE = "linux-image-amd64"
"""Depends on Debian's newest kernel, which has vivid, uvcvideo and vhci_hcd as modules; its cloud kernel has not."""
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "cpio": "cpio",
    "dmsetup": "dmsetup",
    "mkfs.ext4": "e2fsprogs",
    "modprobe": "kmod",
    "depmod": "kmod",
    "apt-cache": "apt",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
}
"""What is called, and the package of Debian that has it."""
KEPT = re.compile(
    r"(boot/vmlinuz-|lib/modules/[^/]+/(modules\.|kernel/"
    r"(drivers/(media|usb|virtio)/|drivers/net/net_failover|net/(core|9p)/|fs/(9p|netfs|fscache|overlayfs)/|lib/|"
    r"drivers/(block/brd|md/dm-(mod|log-writes))\.|fs/(ext4|jbd2)/|fs/mbcache|crypto/crc32c_generic)))"
)
"""60 MB of 400."""
DOWNLOAD_SECONDS = 600


class SetupError(Exception):
    """The machine cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Kernel:
    """A kernel in a folder of its own, laid out as in a root folder."""

    root: Path

    @property
    def image(self) -> Path:
        """What is booted."""
        return next((self.root / "boot").glob("vmlinuz-*"))

    @property
    def release(self) -> str:
        """What `uname -r` will say."""
        return self.image.name.removeprefix("vmlinuz-")

    def modules(self, *names: str) -> list[Path]:
        """The files of these modules and of all that they need, in the order of loading."""
        files: dict[Path, None] = {}
        for name in names:
            asked = _output(program("modprobe"), "-d", self.root, "-S", self.release, "--show-depends", name)
            for line in asked.splitlines():
                kind, _, path = line.partition(" ")
                if kind == "insmod":
                    files[Path(path.strip())] = None
        return list(files)


def program(name: str) -> str:
    """The path of a program, which may be one of the administrator's. Raises SetupError."""
    found = _found(name)
    if found is None:
        raise SetupError(_missing(name))
    return found


def check() -> None:
    """Raises SetupError for a computer on which this cannot work, naming every program that misses."""
    if platform.machine() != "x86_64":
        raise SetupError(
            f"the test machine is an x86_64 with this computer's programs, and this is {platform.machine()}"
        )
    missing = [name for name in PROGRAMS if _found(name) is None]
    if missing:
        raise SetupError(_missing(*missing))


def kernel(cache: Path) -> Kernel:
    """The newest kernel that apt knows of, made in this folder unless it is there. Raises SetupError."""
    check()
    package, version = _newest_package()
    kept = sha256(KEPT.pattern.encode()).hexdigest()[:8]
    made = cache / f"{package}_{version.replace(':', '%3a')}_{kept}"
    if not made.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache):
            if not made.is_dir():
                _make(package, made)
    return Kernel(made)


def _newest_package() -> tuple[str, str]:
    depends = re.search(r"Depends: (linux-image-\S+)", _output(program("apt-cache"), "depends", META_PACKAGE))
    shown = depends and _output(program("apt-cache"), "show", "--no-all-versions", depends[1])
    version = re.search(r"^Version: (\S+)", shown or "", re.MULTILINE)
    if not depends or not version:
        raise SetupError(f"apt knows no package {META_PACKAGE}: this needs Debian on x86_64; run: sudo apt-get update")
    return depends[1], version[1]


def _make(package: str, made: Path) -> None:
    print(f"Making the kernel of the test machine from {package}, once, in {made}", flush=True)
    for old in [*made.parent.glob("half-*"), *made.parent.glob("linux-image-*")]:
        shutil.rmtree(old, ignore_errors=True)
    half = Path(tempfile.mkdtemp(prefix="half-", dir=made.parent))
    try:
        _extract(_download(package, half), half)
        for file in half.rglob("*.ko.xz"):  # busybox loads no packed modules
            file.with_suffix("").write_bytes(lzma.decompress(file.read_bytes()))
            file.unlink()
        subprocess.run([program("depmod"), "-b", half, Kernel(half).release], check=True, capture_output=True)
        half.rename(made)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _download(package: str, folder: Path) -> Path:
    # As root apt would become a user of its own, who may not write here.
    command = [program("apt-get"), "-o", "APT::Sandbox::User=root", "-q", "download", package]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    if result.returncode:
        raise SetupError(f"apt cannot download {package}; run: sudo apt-get update. It said: {result.stderr.strip()}")
    return next(folder.glob("*.deb"))


def _extract(package: Path, folder: Path) -> None:
    with (
        subprocess.Popen([program("dpkg-deb"), "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacking,
        tarfile.open(fileobj=unpacking.stdout, mode="r|") as files,
    ):
        for member in files:
            member.name = member.name.removeprefix("./").removeprefix("usr/")
            if KEPT.match(member.name) and member.isfile():
                files.extract(member, folder, set_attrs=False)
    package.unlink()


def _output(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _found(name: str) -> str | None:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    return shutil.which(name, path=path)


def _missing(*names: str) -> str:
    packages = " ".join(sorted({PROGRAMS[name] for name in names}))
    return (
        f"the test machine needs {', '.join(names)}, not found here; "
        f"run: sudo apt-get install --no-install-recommends {packages}"
    )


@contextmanager
def _lock(cache: Path) -> Iterator[None]:
    with (cache / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
