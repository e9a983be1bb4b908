"""Fuzzing of the parsers, and the inputs that it has found."""

from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
