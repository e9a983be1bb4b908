"""RTSP cameras (RFC 2326) with H.264 or H.265: a client of our own, since FFmpeg's holds each picture back.

FFmpeg learns that a picture is complete when the next one begins. RTP says it with the last packet of the picture, by
its marker bit. FFmpeg also verifies no certificate, and knows no digest login but MD5.
"""
