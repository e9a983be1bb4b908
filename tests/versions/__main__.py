"""Run the tests on the oldest and on the newest versions of what framebus needs that pyproject.toml allows.

`python -m tests.versions oldest` uses this Python. `newest` uses Debian 13's Python 3.13, in the chroot of
`make test-debian` but without apt's packages, and needs root. No name means both. What else is given is for pytest.
`oldest` leaves out tests/e2e, `newest` leaves out the slow tests.
"""

import argparse
import os
import signal
import sys
import time

from tests.debian.chroot import SetupError
from tests.versions.legs import LEGS

COULD_NOT_RUN = 3


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status of the first leg that fails, or COULD_NOT_RUN."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__, usage="%(prog)s [LEG] [...]")
    parser.add_argument("leg", nargs="?", choices=LEGS)
    chosen, options = parser.parse_known_args(arguments)
    os.umask(0o022)  # the chroot's user reads what is installed
    statuses = [run(leg, options) for leg in ([chosen.leg] if chosen.leg else LEGS)]
    return next(filter(None, statuses), 0)


def run(name: str, options: list[str]) -> int:
    """Run one leg; returns pytest's exit status, or COULD_NOT_RUN."""
    begin = time.monotonic()
    try:
        return LEGS[name](options)
    except SetupError as error:
        print(f"make test-versions: {error}", file=sys.stderr)
        return COULD_NOT_RUN
    finally:
        print(f"{name}: {time.monotonic() - begin:.0f} s in all", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
