"""What every process needs from the operating system: arguments, signals, privileges, locks, log, files."""
