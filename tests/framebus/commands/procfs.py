"""A procfs of the tests, with processes that look like a running framebus."""

from pathlib import Path
from typing import Any


def make_procfs(folder: Path) -> Path:
    """A procfs without processes, in this folder."""
    (folder / "proc" / "self" / "ns").mkdir(parents=True)
    (folder / "proc" / "self" / "ns" / "pid").symlink_to("pid:[1]")
    return folder / "proc"


def add_process(
    proc: Path,
    pid: int,
    command: str,
    environment: dict[str, str],
    pid_namespace: str = "pid:[1]",
    uid: int = 999,
    executable: str = "/usr/bin/python3.13",
) -> None:
    folder = proc / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "ns" / "pid").symlink_to(pid_namespace)
    (folder / "exe").symlink_to(executable)
    (folder / "cmdline").write_bytes(b"\0".join(command.encode().split()) + b"\0")
    (folder / "environ").write_bytes(b"".join(f"{key}={value}\0".encode() for key, value in environment.items()))
    (folder / "status").write_text(f"Name:\tpython\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGroups:\t44 999 \n")


def add_supervisor(proc: Path, pid: int, config: str, **more: Any) -> None:
    environment = {"FRAMEBUS_CONFIG": config, "FRAMEBUS_RUN_DIR": "/run/framebus"}
    add_process(proc, pid, "python -P -m framebus.supervision -n -c x.conf", environment, **more)
