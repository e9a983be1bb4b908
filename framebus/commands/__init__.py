"""What `framebus …` does: a command a file, each with `add` for its arguments and `run` for its work."""
