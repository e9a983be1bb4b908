"""Prints each change of a camera's state, and when its process is gone: python watch_status.py front."""

import sys

from framebus import StatusSubscriber


def main(camera: str) -> None:
    """Print state and reason at each change, until interrupted. The camera stays idle."""
    for status in StatusSubscriber(camera):
        print(f"{camera}: {': '.join(filter(None, (status.state, status.reason)))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
