"""The commands of `framebus`, one per module: `add` defines its arguments and `run` does its work."""
