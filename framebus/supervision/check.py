"""`python -m framebus.supervision.check`: the half of a reload that reads the configuration; supervisord runs it.

It is a process of its own, so that supervisord neither waits for it nor holds its modules in memory. It writes the
checked copy of the new configuration beside the one in force, and prints what is to be done as JSON. supervisord puts
the copy in force and does the rest: if this process is killed, nothing has changed.
"""

import dataclasses
import json
import os
import sys
from pathlib import Path

from framebus import __version__
from framebus.config import checked_copy
from framebus.config import load as configuration
from framebus.config.load import ENVIRONMENT, Config, ConfigError
from framebus.runtime.process import EXIT_FAILED, EXIT_OK, EXIT_USAGE
from framebus.runtime.run_dir import RunDirError, prepare
from framebus.supervision import RUNNING_VERSION
from framebus.supervision.files import NEXT, Files
from framebus.supervision.programs import changes, refusals
from framebus.supervision.writing import write


def main() -> int:
    """Check the configuration and print an object: `mistakes`, or what to `stop`, `start` and `restart`."""
    os.umask(0o077)
    try:
        answer, status = plan(), EXIT_OK
    except ConfigError as error:
        answer, status = {"mistakes": error.mistakes}, EXIT_USAGE
    except RunDirError as error:
        answer, status = {"mistakes": [str(error)]}, EXIT_FAILED
    print(json.dumps(answer))
    return status


def plan() -> dict[str, list[str]]:
    """Write the files of the reload. Raises ConfigError and RunDirError."""
    os.environ.pop(ENVIRONMENT, None)  # it names the copy
    run_dir = Path(os.environ["FRAMEBUS_RUN_DIR"])
    new = configuration.load(os.environ.get(checked_copy.ORIGINAL) or None)
    try:
        old = configuration.load(Files.of(run_dir).copy, keys=False)
    except ConfigError:  # it was deleted, or another version of framebus wrote it
        raise RunDirError("the configuration in force cannot be read any more; restart framebus") from None
    if refused := refusals(old, new):
        raise ConfigError(refused)
    prepare(new)
    written = write(new, Files.of(run_dir, NEXT))
    found = dataclasses.asdict(changes(old, written))
    return {**found, "sentences": [*found["sentences"], *other_version(written), *written.warnings]}


def other_version(config: Config) -> list[str]:
    """A sentence if another version is installed than the one that runs."""
    running = os.environ.get(RUNNING_VERSION, __version__)
    if running == __version__:
        return []
    return [f"framebus {running} runs and {__version__} is installed; restart framebus to run it"]


if __name__ == "__main__":
    sys.exit(main())
