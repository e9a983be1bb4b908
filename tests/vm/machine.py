"""Runs one command in a QEMU machine whose root is this machine's, read-only, plus a scratch layer: our own Python and
packages run there unchanged, on a kernel whose drivers may be loaded, broken and unplugged.

QEMU's own emulation, never KVM: where CI runs is often a virtual machine already, in which /dev/kvm is there and does
not work. It makes Python about eleven times slower.
"""

import gzip
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.vm.kernel import Kernel, program

INIT = Path(__file__).with_name("init.sh")
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
"""Without these there is no root from which to load others."""
FOLDERS = ("bin", "modules", "proc", "sys", "dev", "lower", "scratch", "job", "root")
PROCESSORS = 2
MEMORY_MB = 1536
CODE_CACHE_MB = 256
"""For what QEMU has translated."""
KILL_SECONDS = 5
TIMED_OUT = (124, 137)
"""The exit statuses of coreutils' `timeout`."""
KERNEL_OPTIONS = (
    "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off random.trust_cpu=on nokaslr "
    # Emulated, the processor's own counter is no clock: under load it was seen to run 2.4 times too fast.
    "clocksource=acpi_pm tsc=unstable"
)

KERNEL_DIED = 99
"""The exit status of a command that failed while the machine's kernel had an oops: the drivers themselves failed."""
TAINTED_BY_AN_OOPS = 128
"""Of /proc/sys/kernel/tainted (Documentation/admin-guide/tainted-kernels.rst)."""


class MachineError(Exception):
    """The command has not come to its end; the text says why."""


def run(
    kernel: Kernel,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    limit_seconds: float,
    init: Path = INIT,
    files: Mapping[str, bytes] | None = None,
) -> int:
    """Run the command as root in this folder, its output to ours; returns its exit status, or KERNEL_DIED.

    `init` is the first process of the machine, and `files` are put into its folder /job. Raises MachineError.
    """
    with _job(command, folder, environment) as job:
        for name, content in (files or {}).items():
            (job / name).write_bytes(content)
        initramfs = job.with_name("initramfs")
        initramfs.write_bytes(_initramfs(kernel, job.with_name("tree"), init))
        status = _boot(kernel, initramfs, job, limit_seconds)
        if (job / "status").exists():
            return int((job / "status").read_text())
    if status in TIMED_OUT:
        raise MachineError(f"the test machine was ended after {limit_seconds:g} s; what it last said is above")
    raise MachineError(f"the test machine stopped before its command had ended (QEMU's status: {status})")


@contextmanager
def _job(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """A folder that both machines see, with the command in it."""
    with tempfile.TemporaryDirectory(prefix="framebus-vm-") as temporary:
        job = Path(temporary) / "job"
        job.mkdir()
        variables = [f"export {shlex.quote(f'{name}={value}')}\n" for name, value in environment.items()]
        line = f"cd {shlex.quote(str(folder))} && {shlex.join(command)}\n"
        (job / "command.sh").write_text("".join(variables) + line + ending())
        yield job


def ending(tainted: str = "/proc/sys/kernel/tainted") -> str:
    """The lines of a shell script that end it with the status of the line before, or with KERNEL_DIED."""
    return (
        "status=$?\n"
        "[ $status = 0 ] && exit 0\n"
        "dmesg --level=emerg,alert,crit,err,warn | tail -n 20\n"
        f"[ $(($(cat {shlex.quote(tainted)}) & {TAINTED_BY_AN_OOPS})) = 0 ] || exit {KERNEL_DIED}\n"
        "exit $status\n"
    )


def _initramfs(kernel: Kernel, tree: Path, init: Path) -> bytes:
    for name in FOLDERS:
        (tree / name).mkdir(parents=True)
    shutil.copy(program("busybox"), tree / "bin/busybox")
    shutil.copy(init, tree / "init")
    (tree / "init").chmod(0o755)
    modules = kernel.modules(*MODULES)
    for file in modules:
        shutil.copy(file, tree / "modules")
    (tree / "modules/order").write_text("".join(f"{file.name}\n" for file in modules))
    names = "\0".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    packing = [program("cpio"), "--null", "--create", "--format=newc", "--quiet"]
    archive = subprocess.run(packing, input=names.encode(), cwd=tree, stdout=subprocess.PIPE, check=True).stdout
    return gzip.compress(archive, 1)


def _boot(kernel: Kernel, initramfs: Path, job: Path, limit_seconds: float) -> int:
    # `timeout` ends QEMU also when this process is not there any more to do it.
    command = [
        *("timeout", f"--kill-after={KILL_SECONDS}", str(limit_seconds), program("qemu-system-x86_64")),
        *(
            "-accel",
            f"tcg,thread=multi,tb-size={CODE_CACHE_MB}",
            "-cpu",
            "max",
            "-smp",
            str(min(2, os.cpu_count() or 1)),
        ),
        *("-machine", "pc,usb=off,hpet=off,vmport=off", "-m", str(MEMORY_MB), "-nodefaults", "-no-user-config"),
        *("-display", "none", "-nic", "none", "-serial", "stdio", "-no-reboot"),
        *("-kernel", str(kernel.image), "-initrd", str(initramfs), "-append", KERNEL_OPTIONS),
        *("-virtfs", _shared(Path("/"), "hostroot") + ",readonly=on,multidevs=remap"),
        *("-virtfs", _shared(job, "job")),
    ]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as qemu:
        assert qemu.stdout is not None  # a pipe was asked for
        try:
            while output := os.read(qemu.stdout.fileno(), 65536):  # not by lines: a hanging test stands in half of one
                sys.stdout.buffer.write(output.replace(b"\r", b""))
                sys.stdout.buffer.flush()
        finally:
            qemu.terminate()
    return qemu.returncode


def _shared(folder: Path, tag: str) -> str:
    doubled = str(folder).replace(",", ",,")  # QEMU's way to write a comma that is no separator
    return f"local,path={doubled},mount_tag={tag},security_model=none"
