"""`python -m gateway`: start, loop, stop are in gateway.server."""

import asyncio
import sys

from framebus.config import Config
from framebus.process import Stop, arguments, run
from gateway.server import Gateway


def main() -> int:
    """Run the gateway's process; returns its exit status."""
    options = arguments("gateway", "Serve the cameras to browsers and everything else that speaks HTTP.").parse_args()

    def gateway(config: Config, stop: Stop) -> None:
        asyncio.run(Gateway(config).run(stop))

    return run("gateway", options.config, gateway)


if __name__ == "__main__":
    sys.exit(main())
