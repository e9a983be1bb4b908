"""Makes a folder with a Debian trixie in it: its Python, libcamera with its own virtual camera, and picamera2.

Debian's own packages wherever there are some, as on Raspberry Pi OS; the rest by pip. Made once for each recipe,
outside the repository. tests.libcamera runs the tests in it.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

RELEASE, BACKPORTS = "trixie", "trixie-backports"
LIBCAMERA = ("python3-libcamera", "libcamera-ipa")
"""From the backports: with trixie's own 0.4.0 the virtual camera gives no frame."""
DEBIAN = (
    "python3-msgspec",
    "python3-numpy",
    "python3-piexif",
    "python3-pil",
    "python3-prctl",
    "python3-pytest",
    "python3-pytest-asyncio",
    "python3-pytest-timeout",
    "python3-zmq",
)
PYPI = ("picamera2", "simplejpeg", "videodev2")
"""What Debian lacks and has wheels; in the versions of the other tests, where they have some."""
LEFT_OUT = (
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
    # 127 MB for a graphics driver that is loaded when something is drawn.
    "/usr/lib/*/libLLVM*",
)
MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PASSED_ON = re.compile(r"Acquire::(https?|Retries|Check-|Queue-)")
"""Of the machine's settings for apt: proxies, certificates, patience, and whether its clock is to be trusted."""
VIRTUAL_CAMERA = Path(__file__).with_name("virtual.yaml")
VIRTUAL_CAMERA_PLACE = "usr/share/libcamera/pipeline/virtual/virtual.yaml"
NEEDED = {"mmdebstrap": "mmdebstrap", "apt-get": "apt", "chroot": "coreutils"}
"""What is called, and the package of Debian that has it."""
MAKE_SECONDS = 900


class SetupError(Exception):
    """The chroot cannot be made; the text says why and what to do."""


def chroot(cache: Path) -> Path:
    """The folder of today's recipe, made in this one unless it is there; who calls has the lock. Raises SetupError."""
    _check()
    made = cache / f"{RELEASE}-{_recipe()}"
    if not made.is_dir():
        _make(made)
    return made


def _check() -> None:
    if os.geteuid() != 0:
        raise SetupError("only root can run programs in a chroot; run: sudo make test-libcamera")
    missing = sorted({package for name, package in NEEDED.items() if shutil.which(name) is None})
    if not KEYRING.exists():
        missing.append("debian-archive-keyring")
    if missing:
        packages = " ".join(missing)
        raise SetupError(f"not installed: {packages}; run: apt-get install --no-install-recommends {packages}")


def _recipe() -> str:
    """Another one for each change of what is to be in it."""
    parts = [Path(__file__).read_bytes(), VIRTUAL_CAMERA.read_bytes(), " ".join(_wanted_of_pypi()).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _make(made: Path) -> None:
    print(f"Making a Debian {RELEASE} with libcamera, once, in {made}", flush=True)
    for old in [*made.parent.glob("half-*"), *made.parent.glob(f"{RELEASE}-*")]:
        remove(old)
    half = Path(tempfile.mkdtemp(prefix="half-", dir=made.parent))
    try:
        _install_debian(half)
        _install_pypi(half)
        shutil.copy(VIRTUAL_CAMERA, half / VIRTUAL_CAMERA_PLACE)
        half.rename(made)
    finally:
        remove(half)


def remove(folder: Path) -> None:
    """With all that is in it, but never what a killed mmdebstrap may have left mounted. Raises SetupError."""
    done = subprocess.run(["rm", "-rf", "--one-file-system", "--", folder], capture_output=True, text=True)
    if done.returncode:
        raise SetupError(f"cannot remove {folder}; if something is mounted there, unmount it: {done.stderr.strip()}")


def _install_debian(root: Path) -> None:
    signed = f"[signed-by={KEYRING}] {_mirror()}"
    packages = [*(f"{name}/{BACKPORTS}" for name in LIBCAMERA), *DEBIAN]
    _run(
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=essential",
        f"--include={','.join(packages)}",
        *(f"--aptopt={option}" for option in _apt_options()),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        RELEASE,
        str(root),
        f"deb {signed} {RELEASE} main",
        f"deb {signed} {BACKPORTS} main",
    )
    root.chmod(0o755)


def _mirror() -> str:
    """The one of Debian that this machine's own apt uses, if it uses one."""
    listed = _output("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages")
    for line in listed.splitlines():
        address, _, release = line.rstrip().partition(" ")
        if address.rstrip("/").endswith("/debian") and release.endswith("-updates"):  # which no other archive has
            return address
    return MIRROR


def _apt_options() -> list[str]:
    return [line for line in _output("apt-config", "dump").splitlines() if PASSED_ON.match(line)]


def _install_pypi(root: Path) -> None:
    """By this machine's pip, with its settings, for the other's Python."""
    python = (root / "usr/bin/python3").readlink().name.removeprefix("python")
    tags = [f"--platform=manylinux_2_{minor}_{platform.machine()}" for minor in (17, 28, 34)]
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *tags),
        f"--target={root}/usr/local/lib/python{python}/dist-packages",
        *_wanted_of_pypi(),
    )


def _wanted_of_pypi() -> list[str]:
    here = {name: version for name in PYPI if (version := _installed(name))}
    return [f"{name}=={here[name]}" if name in here else name for name in PYPI]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _run(*command: str) -> None:
    """Silent unless it fails. Ended early it is asked to end, so that mmdebstrap takes down what it has mounted."""
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            status = process.wait(MAKE_SECONDS)
        except subprocess.TimeoutExpired:
            raise SetupError(f"{command[0]} has not ended within {MAKE_SECONDS} s") from None
        finally:
            process.terminate()
            process.wait()
        if status:
            output.seek(0)
            raise SetupError(f"{command[0]} failed; it said:\n{output.read().strip()}")


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
