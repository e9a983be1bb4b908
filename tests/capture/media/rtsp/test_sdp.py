"""Descriptions of streams as cameras write them."""

from capture.media.rtsp import sdp

TEXT = """v=0
o=- 1 1 IN IP4 0.0.0.0
a=control:*
m=audio 0 RTP/AVP 0
a=control:trackID=2
m=video 0 RTP/AVP 96
a=rtpmap:96 h264/90000
a=fmtp:96 packetization-mode=1; profile-level-id=42001f; sprop-parameter-sets=Z0IAH5WoFAFuQA==,aM48gA==
a=control:trackID=1
m=video 0 RTP/AVP 26
m=application 0 TCP x
"""


def test_the_tracks_of_a_stream() -> None:
    control, [audio, video, jpeg, other] = sdp.parse(TEXT)
    assert control == "*"
    assert (audio.kind, audio.control) == ("audio", "trackID=2")
    assert (video.kind, video.codec, video.clock_hz, video.payload_type) == ("video", "H264", 90_000, 96)
    assert video.control == "trackID=1"
    assert [unit[0] for unit in video.parameter_sets] == [0x67, 0x68]
    assert (jpeg.codec, other.payload_type) == ("JPEG", -1)


def test_the_parameter_sets_of_h265_come_in_the_order_that_a_decoder_needs() -> None:
    track = sdp.parse("m=video 0 RTP/AVP 97\na=fmtp:97 sprop-pps=RAE=; sprop-sps=QgE=;sprop-vps=QAE=\n")[1][0]
    assert track.parameter_sets == [b"\x40\x01", b"\x42\x01", b"\x44\x01"]


def test_nonsense_is_no_track_that_can_be_played() -> None:
    assert sdp.parse("") == ("", [])
    track = sdp.parse("m=video\na=rtpmap:x\na=fmtp:96 sprop-parameter-sets=!!\na=rtpmap:96 H264/0\n")[1][0]
    assert (track.codec, track.parameter_sets) == ("", [])
