"""Labelled scenes for the motion detector: what moves in them is known, and a seed makes the same pictures again."""
