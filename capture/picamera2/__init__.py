"""Parts of the picamera2 source. `camera` and `encoding` import picamera2, once a camera is opened."""
