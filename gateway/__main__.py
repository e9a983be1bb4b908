"""`python -m gateway`: the command line of gateway.server."""

import asyncio
import sys

from framebus.config.load import Config, ConfigError
from framebus.runtime.process import Stop, arguments, run
from framebus.runtime.run_dir import worker_name
from gateway.server import Gateway


def main() -> int:
    """Run the gateway's process; returns its exit status."""
    parser = arguments("gateway", "Serve the cameras to browsers and everything else that speaks HTTP.")
    parser.add_argument(
        "--worker", metavar="K", type=int, default=0, help="which of [gateway] workers, counted from 0 (default: 0)"
    )
    options = parser.parse_args()

    def gateway(config: Config, stop: Stop) -> None:
        workers = config.gateway.workers
        if not 0 <= options.worker < workers:
            raise ConfigError(
                [f"found --worker {options.worker}; allowed with workers = {workers} in [gateway]: 0 to {workers - 1}"]
            )
        asyncio.run(Gateway(config, options.worker).run(stop))

    return run(worker_name(options.worker) if options.worker else "gateway", options.config, gateway)


if __name__ == "__main__":
    sys.exit(main())
