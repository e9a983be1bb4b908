"""In place of piexif, which picamera2 imports for pictures that it saves to files; framebus saves none."""
