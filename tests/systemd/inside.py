"""What has to be true of the service in the machine of test-systemd; runs there, as root, with Python alone.

Each check prints a line. The exit status is 1 if one of them fails.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
import traceback
import urllib.request
from collections.abc import Callable
from pathlib import Path

UNIT = "framebus.service"
URL = "http://127.0.0.1:8080"
DEADLINE_SECONDS = 180.0
"""Python takes eleven times as long here."""
STOP_SECONDS = 15.0
"""TimeoutStopSec= of the unit: what takes longer was killed."""
PROBE = """
import os, select, socket, subprocess, sys
opened = []
for folder in ("/dev", "/dev/dma_heap"):
    for name in sorted(os.listdir(folder)):
        if folder.endswith("heap") or name.startswith(("video", "media", "v4l-subdev")):
            os.close(os.open(f"{folder}/{name}", os.O_RDWR | os.O_CLOEXEC))
            opened.append(name)
print("opened", *opened)
print("udev", len(os.listdir("/run/udev/data")))
print("model", os.path.exists("/proc/cpuinfo"), os.path.isdir("/sys/class/video4linux"))
events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 15)  # NETLINK_KOBJECT_UEVENT of linux/netlink.h
events.bind((0, 2))  # the group of what udev has seen to, as libudev has it
print("listening", flush=True)
ready, _, _ = select.select([events], [], [], 120)
print("event", events.recv(8192)[:7] if ready else None)
"""
"""What libcamera and framebus do with a camera, and what tells them of one that is plugged in."""


HARDENING = re.compile(
    r"(User|SupplementaryGroups|UMask|NoNewPrivileges|Capability\w+|Protect\w+|Private\w+|Lock\w+|Restrict[A-Z]\w+"
    r"|SystemCall\w+|Device\w+)="
)
"""What of a unit says what its processes may."""


def run(*command: str, ok: bool = True) -> str:
    """The output of a command, which has to succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0 or not ok, f"{command}: {done.returncode}\n{done.stdout}"
    return done.stdout


def wait_until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS:g} s: {what}"
        time.sleep(0.5)


def show(name: str) -> str:
    return run("systemctl", "show", "--value", f"--property={name}", UNIT).strip()


def get(path: str) -> bytes:
    with urllib.request.urlopen(f"{URL}{path}", timeout=30) as answer:
        content: bytes = answer.read()
    return content


def has_picture() -> bool:
    with contextlib.suppress(OSError):
        return get("/snapshot.jpg").startswith(b"\xff\xd8")
    return False


def journal(*options: str) -> list[dict[str, str]]:
    lines = run("journalctl", "--no-pager", "--output=json", f"--unit={UNIT}", *options).splitlines()
    return [json.loads(line) for line in lines]


def it_is_on_at_boot() -> None:
    assert show("UnitFileState") == "enabled"
    wait_until(has_picture, "a picture")
    assert (show("ActiveState"), show("SubState"), show("NRestarts")) == ("active", "running", "0")


def the_camera_is_the_real_one() -> None:
    (camera,) = json.loads(get("/api/cameras"))["cameras"]
    assert camera["source"].startswith("v4l2:"), camera["source"]


def it_runs_as_its_user_with_the_groups_of_cameras() -> None:
    status = Path("/proc", show("MainPID"), "status").read_text()
    (user,) = re.findall(r"^Uid:\t(\d+)", status, flags=re.M)
    assert run("id", "-nu", user).strip() == "framebus"
    groups = run("id", "-nG", "framebus").split()
    assert {"video", "render"} <= set(groups), groups
    numbers = {run("getent", "group", name).split(":")[2] for name in groups}
    (held,) = re.findall(r"^Groups:\t(.*)", status, flags=re.M)
    assert numbers <= set(held.split()), held


def the_journal_has_its_lines_with_their_levels() -> None:
    ours = [entry for entry in journal() if entry["SYSLOG_IDENTIFIER"] == "framebus"]
    assert any("listening on 127.0.0.1:8080" in entry["MESSAGE"] and entry["PRIORITY"] == "6" for entry in ours)
    assert not [entry["MESSAGE"] for entry in ours if re.match(r"<\d>|\d{4}-", entry["MESSAGE"])]
    assert {entry["SYSLOG_IDENTIFIER"] for entry in journal()} <= {"framebus", "systemd"}
    assert not [entry["MESSAGE"] for entry in ours if int(entry["PRIORITY"]) <= 3]


def it_restarts_after_a_kill() -> None:
    before = show("MainPID")
    os.kill(int(before), 9)
    wait_until(lambda: show("NRestarts") == "1" and show("MainPID") not in ("0", before), "another start")
    wait_until(has_picture, "a picture")


def gateways() -> list[str]:
    return run("pgrep", "--full", "[-]m gateway$", ok=False).split()


def a_process_that_is_killed_is_a_problem_in_the_journal() -> None:
    began = str(time.time())
    killed = gateways()
    os.kill(int(killed[0]), 9)
    wait_until(lambda: gateways() not in ([], killed), "another gateway")
    wait_until(has_picture, "a picture")
    problems = [entry["MESSAGE"] for entry in journal(f"--since=@{began}") if int(entry["PRIORITY"]) <= 4]
    assert any("gateway has ended: killed by SIGKILL" in problem for problem in problems), problems


def its_hardening_breaks_no_camera() -> None:
    lines = run("systemctl", "cat", UNIT).splitlines()
    settings = [f"--property={line}" for line in lines if HARDENING.match(line)]
    assert len(settings) > 10, settings
    command = ["systemd-run", "--quiet", "--pipe", "--wait", *settings, "/usr/bin/python3", "-u", "-c", PROBE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as probe:
        assert probe.stdout is not None
        said = []
        for line in probe.stdout:
            said.append(line.strip())
            if line == "listening\n":
                run("udevadm", "trigger", "--action=change", "--subsystem-match=video4linux")
    print(*(f"      {line}" for line in said), sep="\n", flush=True)
    assert probe.returncode == 0, said
    assert any(re.match(r"opened (?=.*\bvideo0\b)(?=.*\bsystem\b)(?=.*\bmedia0\b)", line) for line in said), said
    assert "event b'libudev'" in said
    assert int(said[1].split()[1]) > 0


def it_stops_cleanly() -> None:
    began = time.monotonic()
    run("systemctl", "stop", UNIT)
    seconds = time.monotonic() - began
    assert seconds < STOP_SECONDS, seconds
    assert (show("ActiveState"), show("Result"), show("ExecMainStatus")) == ("inactive", "success", "0")
    assert run("pgrep", "--uid", "framebus", ok=False) == ""
    assert not Path("/run/framebus").exists()
    print(f"      in {seconds:.1f} s", flush=True)


def an_upgrade_starts_it_again() -> None:
    run("systemctl", "start", UNIT)
    wait_until(has_picture, "a picture")
    before = show("MainPID")
    run("dpkg", "--install", "/job/framebus.deb")
    assert show("MainPID") not in ("0", before)
    wait_until(has_picture, "a picture")


def purged_it_is_gone() -> None:
    run("dpkg", "--purge", "framebus")
    assert run("pgrep", "--full", "[-]m (framebus|gateway|capture|snapshot)", ok=False) == ""
    assert run("systemctl", "is-enabled", UNIT, ok=False).strip() in ("not-found", "")
    assert not [name for name in ("/etc/framebus", "/var/lib/framebus", "/run/framebus") if Path(name).exists()]
    assert run("getent", "passwd", "framebus", ok=False) == ""


CHECKS = (
    it_is_on_at_boot,
    the_camera_is_the_real_one,
    it_runs_as_its_user_with_the_groups_of_cameras,
    the_journal_has_its_lines_with_their_levels,
    it_restarts_after_a_kill,
    a_process_that_is_killed_is_a_problem_in_the_journal,
    its_hardening_breaks_no_camera,
    it_stops_cleanly,
    an_upgrade_starts_it_again,
    purged_it_is_gone,
)


def main() -> int:
    failed = 0
    for check in CHECKS:
        began = time.monotonic()
        try:
            check()
            verdict = "ok"
        except Exception:
            failed += 1
            verdict = "FAILED"
            traceback.print_exc(file=sys.stdout)
            print(
                run("journalctl", "--no-pager", "--lines=40", "--identifier=framebus", "--identifier=systemd", ok=False)
            )
        print(f"{check.__name__.replace('_', ' ')}: {verdict}, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(CHECKS) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
