"""Numbers among the arguments of commands, for argparse. Each raises ArgumentTypeError, which says what is allowed."""

import argparse


def count(text: str) -> int:
    """How many of something."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: a whole number from 1")
    return number


def seconds(text: str) -> float:
    """A length of time."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not number > 0:  # nan neither
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: seconds, more than 0")
    return number
