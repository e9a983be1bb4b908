"""A client for RTSP cameras (RFC 2326) with H.264 or H.265, because FFmpeg's client delays each picture.

FFmpeg learns that a picture is complete when the next one begins. RTP says it with the last packet of the picture, by
its marker bit. FFmpeg also verifies no certificate, and knows no digest login but MD5.
"""
