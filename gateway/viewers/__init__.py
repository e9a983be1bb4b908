"""The kinds of viewers: MJPEG streams and websockets."""
