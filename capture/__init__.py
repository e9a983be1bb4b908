"""The process that owns one camera and publishes its frames: `python -m capture NAME`."""
