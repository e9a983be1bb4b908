"""Parts of the source for URLs and files: HTTP and FFmpeg streams, drained to the newest picture."""
