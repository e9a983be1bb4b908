"""Error messages for V4L2 cameras: one sentence each, with what to do."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

NAME_ANOTHER = "name another one in `source`"
MAX_HOLDERS = 3
"""More programs than these are not named."""

# Of a device that is not opened or set up yet.
_NO_SUCH_DEVICE = "there is no such device; plug the camera in, or " + NAME_ANOTHER
_NO_PERMISSION = (
    "no permission to open it; add your user to the group video (sudo usermod -aG video $USER) and log in again"
)
_NO_V4L2 = "no V4L2 device; name a camera such as /dev/video0 in `source`"
_NO_BANDWIDTH = "no USB bandwidth left for it; plug it into another USB port, or lower `size` or `fps`"
_SENTENCES = {
    errno.ENOENT: _NO_SUCH_DEVICE,
    errno.ENOTDIR: _NO_SUCH_DEVICE,
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.ENOTTY: _NO_V4L2,
    errno.EISDIR: _NO_V4L2,
    # uvcvideo, at STREAMON: no alternate setting of the interface fits what other devices leave of the bus.
    errno.ENOSPC: _NO_BANDWIDTH,
}


def not_opened(device: str, error: OSError) -> str:
    """What the failure to open or to set up this device means."""
    number = error.errno or 0
    if number in (errno.ENODEV, errno.ENXIO):
        return gone(device)
    if number == errno.EBUSY:
        return f"{device}: {_in_use(device)}"
    return f"{device}: {_SENTENCES.get(number) or f'its driver refuses: {error.strerror}'}"


def gone(device: str) -> str:
    """The device answered before, and now does not."""
    return f"{device} is gone: it was unplugged or its driver failed"


def no_camera(device: str, card: str, driver: str) -> str:
    """The device is something else."""
    return f"{device}: no camera but {card} (driver {driver}), which streams no pictures to programs; {NAME_ANOTHER}"


def no_format(device: str, offered: list[str], usable: tuple[str, ...]) -> str:
    """The camera has nothing that we can make JPEG of."""
    listed = ", ".join(offered) or "no format"
    return f"{device}: offers {listed}; framebus takes {', '.join(usable[:-1])} or {usable[-1]}; {NAME_ANOTHER}"


def planes(device: str, fourcc: str, count: int) -> str:
    """A frame lies in several buffers of memory."""
    return f"{device}: gives {fourcc} in {count} planes of memory; framebus reads one; {NAME_ANOTHER}"


def clock_off(device: str, seconds: float) -> str:
    """The time stamps of its driver are of another clock."""
    return (
        f"{device}: the timestamps of its driver are {seconds:.0f} s old; framebus uses the time at which each "
        "frame arrives instead"
    )


def bad_size(device: str, size: object, allowed: str) -> str:
    """The driver claims a size that no camera has."""
    return f"{device}: its driver gives pictures of {size}; allowed: {allowed}; {NAME_ANOTHER}"


def only_compressed(device: str, fourcc: str) -> str:
    """The camera gives video that is decoded with the extra `av`, which is not installed."""
    return (
        f"{device}: offers nothing but compressed video ({fourcc}); framebus decodes it with the extra av: "
        "pip install 'framebus[av]'"
    )


def _in_use(device: str) -> str:
    holders = _holders(device)
    if holders:
        return f"in use by {holders}; end that, or {NAME_ANOTHER}"
    return f"in use by another program; end that, or {NAME_ANOTHER}; `sudo fuser -v {device}` names it"


def _holders(device: str) -> str:
    """Who has it open; empty where we may not see that, as other users' processes show theirs to root alone."""
    target = os.path.realpath(device)
    processes = sorted(Path("/proc").glob("[0-9]*"), key=lambda process: int(process.name))
    holders = [process for process in processes if int(process.name) != os.getpid() and target in _open_files(process)]
    # The command's name and not its arguments, which may hold passwords.
    names = [f"{_command(process)} (process {process.name})" for process in holders[:MAX_HOLDERS]]
    return " and ".join(names)


def _open_files(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):  # the process has ended, or is not ours to look into
        for link in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                yield os.readlink(link)


def _command(process: Path) -> str:
    try:
        return (process / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a program"
