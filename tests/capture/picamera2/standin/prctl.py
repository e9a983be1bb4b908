"""In place of python-prctl, which picamera2 imports for an output that framebus does not use."""
