"""In place of PiDNG, which picamera2 imports for raw pictures; framebus takes none."""
