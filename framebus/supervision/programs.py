"""The processes that a configuration takes, and which of them a changed configuration starts, stops and restarts.

No processes and no files: framebus.supervision.supervisord does what is decided here.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from framebus.config.load import Config
from framebus.runtime import launch
from framebus.runtime.run_dir import worker_name

FIXED = ("run_dir", "user", "group")
"""Keys that supervisord itself depends on: they take a restart of everything."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process under supervisord."""

    arguments: str
    """What follows `python -m`, or the option of the launcher."""
    part: tuple[Any, ...]
    """The part of the configuration that it reads at its start. gateway and snapshot follow the cameras as they run."""
    reason: str
    """What that part is called in messages."""
    option: str = "-m"
    """What stands before the arguments for the launcher."""
    environment: str = ""
    """What supervisord adds to its environment, as its configuration has it."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be done with the processes, by the names of their programs."""

    stop: list[str]
    start: list[str]
    restart: list[str]
    sentences: list[str]
    """What was done, for the user."""


def programs(config: Config) -> dict[str, Program]:
    """All programs by name."""
    common = (config.run_dir, config.state_dir, config.secrets)
    gateway = (*common, config.gateway)
    found = {
        "gateway": Program("gateway", gateway, "[gateway]"),
        "snapshot": Program("snapshot", (*common, config.snapshot), "[snapshot]"),
    }
    for name, camera in config.cameras.items():
        if camera.has_capture:
            found[f"capture-{name}"] = Program(f"capture {name}", (*common, camera.of_capture), f"[camera.{name}]")
    if config.records:
        recorded = tuple((name, *camera.of_recorder) for name, camera in config.cameras.items())
        found["recorder"] = Program(
            "recorder", (*common, config.recorder, recorded), "[recorder], or what it reads of a camera,"
        )
    watched = tuple((name, camera.of_motion) for name, camera in config.cameras.items() if camera.has_motion)
    if watched:
        found["motion"] = Program("recorder.motion", (*common, watched), "what it reads of a camera")
    for number in range(1, config.gateway.workers):
        found[worker_name(number)] = Program(f"gateway --worker {number}", gateway, "[gateway]")
    for name, program in config.programs.items():
        packed = launch.packed(program.words(sys.executable), program.directory, program.environment)
        own = (config.run_dir, config.path, program)
        found[f"program-{name}"] = Program(
            name, own, f"[program.{name}]", launch.PROGRAM, f'{launch.PACKED}="{packed}"'
        )
    return found


def refusals(old: Config, new: Config) -> list[str]:
    """Sentences about changes that a reload cannot apply."""
    return [
        f"{new.path}: {key}: changed from {_shown(old, key)} to {_shown(new, key)}; that takes a restart of framebus"
        for key in FIXED
        if getattr(old, key) != getattr(new, key)
    ]


def _shown(config: Config, key: str) -> str:
    value = getattr(config, key)
    return "nothing" if value is None else str(value)


def changes(old: Config, new: Config) -> Changes:
    """Compare the configuration that the processes run with to a new one."""
    before, after = programs(old), programs(new)
    stop = [name for name in before if name not in after]
    start = [name for name in after if name not in before]
    restart = [name for name in after if name in before and after[name] != before[name]]
    return Changes(stop, start, restart, _sentences(old, new, before, after, restart))


def _sentences(
    old: Config, new: Config, before: Mapping[str, Program], after: Mapping[str, Program], restart: list[str]
) -> list[str]:
    sentences = []
    for name in old.cameras:
        if name not in new.cameras:
            sentences.append(f"camera {name} was removed")
    for name in new.cameras:
        if name not in old.cameras:
            sentences.append(f"camera {name} was added")
        elif old.cameras[name] != new.cameras[name]:
            sentences.append(f"camera {name} was changed")
    for name in {**old.programs, **new.programs}:
        if name not in new.programs:
            sentences.append(f"program {name} was removed")
        elif name not in old.programs:
            sentences.append(f"program {name} was added")
        elif old.programs[name] != new.programs[name]:
            sentences.append(f"program {name} was changed")
    common = (old.state_dir, old.secrets) != (new.state_dir, new.secrets)
    services = [name for name in restart if name in ("gateway", "snapshot", "recorder", "motion")]
    for name in services:
        sentences.append(f"{name} restarts, as {'state_dir or secrets' if common else after[name].reason} was changed")
    if common and any(name.startswith("capture-") for name in restart):
        sentences.append("all cameras restart, as state_dir or secrets was changed")
    if not sentences and list(old.cameras) != list(new.cameras):
        sentences.append(f"the order of the cameras was changed; the first is {new.first_camera}")
    return sentences or ["nothing was changed"]
