"""What the picamera2 source is made of. `camera` and `encoding` import picamera2: only once a camera is opened."""
