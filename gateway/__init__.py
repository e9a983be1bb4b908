"""The process that serves browsers and everything else that speaks HTTP: `python -m gateway`."""
