"""What the source for URLs and files stands on: HTTP and FFmpeg streams, drained to the newest picture."""
