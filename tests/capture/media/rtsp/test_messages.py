"""RTSP messages and interleaved packets come out whatever the pieces they came in."""

import pytest

from capture.media.rtsp.messages import MAX_HEAD_BYTES, Interleaved, Message, Receiver, RtspError, reply_to, request

REPLY = (
    b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nWWW-Authenticate: Basic\r\nwww-authenticate: Digest\r\nContent-Length: 3\r\n\r\nabc"
)
STREAM = REPLY + b"$\0\0\4data" + b"\r\n" + b"$\1\0\0" + b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"


@pytest.mark.parametrize("step", [1, 7, len(STREAM)])
def test_messages_and_packets_in_one_stream(step: int) -> None:
    receiver = Receiver()
    found = [one for at in range(0, len(STREAM), step) for one in receiver.feed(STREAM[at : at + step])]
    reply, packet, empty, asked = found
    assert isinstance(reply, Message)
    assert (reply.status, reply.body, reply.header("cseq")) == (200, b"abc", "2")
    assert reply.headers["www-authenticate"] == ["Basic", "Digest"]
    assert (packet, empty) == (Interleaved(0, b"data"), Interleaved(1, b""))
    assert isinstance(asked, Message)
    assert asked.status == 0


@pytest.mark.parametrize("data", [b"HTTP/1.1 404 Not Found\r\n\r\n", b"SSH-2.0\r\n\r\n", bytes(MAX_HEAD_BYTES + 1)])
def test_what_is_no_rtsp(data: bytes) -> None:
    with pytest.raises(RtspError):
        Receiver().feed(data)


def test_a_body_has_a_bound() -> None:
    with pytest.raises(RtspError):
        Receiver().feed(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n")


def test_a_request() -> None:
    assert request("PLAY", "rtsp://cam/x", 7, {"Session": "1"}) == (
        b"PLAY rtsp://cam/x RTSP/1.0\r\nCSeq: 7\r\nUser-Agent: framebus\r\nSession: 1\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("OPTIONS", "200 OK"),
        ("GET_PARAMETER", "200 OK"),
        ("SET_PARAMETER", "200 OK"),
        ("ANNOUNCE", "501 Not Implemented"),
    ],
)
def test_a_request_of_the_camera_is_answered(method: str, status: str) -> None:
    (asked,) = Receiver().feed(f"{method} rtsp://x RTSP/1.0\r\nCSeq: 9\r\nSession: 1\r\n\r\n".encode())
    assert isinstance(asked, Message)
    assert reply_to(asked) == f"RTSP/1.0 {status}\r\nCSeq: 9\r\nSession: 1\r\n\r\n".encode()


def test_a_request_without_a_session_is_answered_without_one() -> None:
    assert reply_to(Message("OPTIONS * RTSP/1.0", {"cseq": ["3"]})) == b"RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n"


def test_the_name_of_the_protocol_may_be_in_lower_case() -> None:
    (message,) = Receiver().feed(b"rtsp/1.0 200 ok\r\ncseq: 3\r\n\r\n")
    assert isinstance(message, Message)
    assert (message.status, message.header("cseq")) == (200, "3")
