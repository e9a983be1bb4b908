"""The process that answers requests for stills: `python -m snapshot`."""
