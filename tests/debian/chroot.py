"""Makes folders with a Debian in them, each by a recipe: packages of Debian's, and the rest by pip.

Made once for each recipe, outside the repository. tests.debian and tests.libcamera run something in them.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

RELEASE = "trixie"
"""Debian 13, unless a recipe says otherwise."""
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
NEEDED = {"mmdebstrap": "mmdebstrap", "apt-get": "apt", "chroot": "coreutils"}
"""What is called, and the package of Debian that has it."""
MAKE_SECONDS = 900
PLACE = "/framebus"
"""Where a chroot has the copy of the repository."""
LOCAL = shutil.ignore_patterns(".git", ".venv", ".tools", ".hypothesis", ".*_cache", "__pycache__")
"""What a working copy has beside the repository's files."""
ROOT = Path(__file__).parents[2]


class SetupError(Exception):
    """The chroot cannot be made; the text says why and what to do."""


@dataclass(frozen=True)
class Recipe:
    """What is to be in a chroot."""

    command: str
    """That makes it, such as `make test-debian`; for errors."""
    packages: tuple[str, ...]
    """Debian's."""
    backports: tuple[str, ...] = ()
    """Debian's, from the backports."""
    pypi: tuple[str, ...] = ()
    """What Debian lacks and has wheels; in the versions of this Python, where it has some."""
    files: tuple[tuple[Path, str], ...] = ()
    """Each with its place in the chroot."""
    user: str = ""
    """A user to add."""
    release: str = RELEASE
    """Debian's name of it."""

    def wanted_of_pypi(self) -> list[str]:
        """The requirements that pip gets."""
        here = {name: version for name in self.pypi if (version := _installed(name))}
        return [f"{name}=={here[name]}" if name in here else name for name in self.pypi]

    def digest(self) -> str:
        """Another one for each change of what is to be in it."""
        words = " ".join([*self.packages, *self.backports, *self.wanted_of_pypi(), self.user])
        parts = [Path(__file__).read_bytes(), words.encode(), *(file.read_bytes() for file, _ in self.files)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def cache_folder(variables: Mapping[str, str], name: str) -> Path:
    """Where the chroots of this name are kept: under $FRAMEBUS_TEST_CACHE, else among the user's caches."""
    given = variables.get("FRAMEBUS_TEST_CACHE")
    users = Path(variables.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return ((Path(given) if given else users / "framebus-tests") / name).resolve()


@contextmanager
def lock(cache: Path) -> Iterator[None]:
    """One run at a time: they share the copy of the repository."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def chroot(cache: Path, recipe: Recipe) -> Path:
    """The folder of this recipe, made in the cache unless it is there; the caller holds the lock. Raises SetupError."""
    _check(recipe.command)
    made = cache / f"{recipe.release}-{recipe.digest()}"
    if not made.is_dir():
        _make(made, recipe)
    return made


def _check(command: str) -> None:
    if os.geteuid() != 0:
        raise SetupError(f"only root can run programs in a chroot; run: sudo {command}")
    missing = sorted({package for name, package in NEEDED.items() if shutil.which(name) is None})
    if not KEYRING.exists():
        missing.append("debian-archive-keyring")
    if missing:
        packages = " ".join(missing)
        raise SetupError(f"not installed: {packages}; run: apt-get install --no-install-recommends {packages}")


def _make(made: Path, recipe: Recipe) -> None:
    print(f"Making a Debian {recipe.release} for {recipe.command}, once, in {made}", flush=True)
    for old in [*made.parent.glob("half-*"), *made.parent.glob(f"{recipe.release}-*")]:
        remove(old)
    half = Path(tempfile.mkdtemp(prefix="half-", dir=made.parent))
    try:
        _install_debian(half, recipe)
        _install_pypi(half, recipe.wanted_of_pypi())
        for file, place in recipe.files:
            shutil.copy(file, half / place)
        if recipe.user:
            _run("chroot", str(half), "useradd", "--create-home", recipe.user)
        half.rename(made)
    finally:
        remove(half)


def copy(root: Path, names: tuple[str, ...] = (), owner: str = "root") -> None:
    """Put the repository as it is now, or only these of its files and folders, into the chroot."""
    place = root / PLACE.lstrip("/")
    remove(place)
    for name in names or ("",):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=LOCAL)
        else:
            shutil.copy(ROOT / name, place)
    _run("chroot", str(root), "chown", "--recursive", f"{owner}:", PLACE)


def remove(folder: Path) -> None:
    """With all that is in it, but never what a killed mmdebstrap may have left mounted. Raises SetupError."""
    done = subprocess.run(["rm", "-rf", "--one-file-system", "--", folder], capture_output=True, text=True)
    if done.returncode:
        raise SetupError(f"cannot remove {folder}; if something is mounted there, unmount it: {done.stderr.strip()}")


def _install_debian(root: Path, recipe: Recipe) -> None:
    signed = f"[signed-by={KEYRING}] {_mirror()}"
    backports = f"{recipe.release}-backports"
    packages = [*(f"{name}/{backports}" for name in recipe.backports), *recipe.packages]
    _run(
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--variant=essential",
        f"--include={','.join(packages)}",
        *(f"--aptopt={option}" for option in _apt_options()),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        recipe.release,
        str(root),
        f"deb {signed} {recipe.release} main",
        f"deb {signed} {backports} main",
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


def _install_pypi(root: Path, wanted: list[str]) -> None:
    """By this machine's pip, with its settings, for the other's Python."""
    if not wanted:
        return
    python = (root / "usr/bin/python3").readlink().name.removeprefix("python")
    tags = [f"--platform=manylinux{since}_{platform.machine()}" for since in ("1", "_2_17", "_2_28", "_2_34")]
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
        *("--only-binary=:all:", "--implementation=cp", f"--python-version={python}", *tags),
        f"--target={root}/usr/local/lib/python{python}/dist-packages",
        *wanted,
    )


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
