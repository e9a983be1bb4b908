"""What cameras send in place of a proper head."""

import http.client
import socket

import pytest

from capture.media.response_head import MAX_LINES, CameraResponse, status_line

BODY = b"abc"


def read(head: bytes) -> tuple[int, str | None, bytes]:
    """Status, type and body of a response with this head."""
    camera, client = socket.socketpair()
    with camera, client:
        camera.sendall(head + b"\r\n\r\n" + BODY)
        camera.shutdown(socket.SHUT_WR)
        response = CameraResponse(client, method="GET")
        response.begin()
        return response.status, response.headers.get("Content-Type"), response.read()


@pytest.mark.parametrize(
    "first", ["HTTP/1.1 200 OK", "HTTP/1.0 200", "ICY 200 OK", "http/1.1 200 OK", "HTTP 200 OK", "HTTP/2 200"]
)
def test_any_status_line_that_ffmpeg_reads_is_read(first: str) -> None:
    assert read(f"{first}\r\nContent-Type: image/jpeg".encode()) == (200, "image/jpeg", BODY)


@pytest.mark.parametrize(
    "ahead",
    [
        "\r\n\r\n",
        "\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 P\r\n\r\n",
    ],
    ids=["empty lines", "an empty line", "103", "100 and 102"],
)
def test_what_stands_ahead_of_the_response_is_passed_over(ahead: str) -> None:
    assert read(f"{ahead}HTTP/1.1 200 OK\r\nContent-Type: image/jpeg".encode()) == (200, "image/jpeg", BODY)


@pytest.mark.parametrize("count", [101, 1000])
def test_more_headers_than_http_client_reads_do_no_harm(count: int) -> None:
    many = "".join(f"\r\nX-Header-{number}: value" for number in range(count))
    assert read(f"HTTP/1.1 200 OK{many}\r\nContent-Type: image/jpeg\r\nContent-Length: 2".encode()) == (
        200,
        "image/jpeg",
        BODY[:2],
    )


def test_a_head_without_an_end_is_given_up() -> None:
    with pytest.raises(http.client.HTTPException):
        read(b"HTTP/1.1 200 OK" + b"\r\nX: y" * MAX_LINES)


def test_an_answer_without_a_body_has_none() -> None:
    camera, client = socket.socketpair()
    with camera, client:
        camera.sendall(b"ICY 204 No Content\r\n\r\n")
        response = CameraResponse(client, method="GET")
        response.begin()
        assert (response.status, response.read()) == (204, b"")


@pytest.mark.parametrize(
    "line", [b"RTSP/1.0 400 Bad Request\r\n", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 2000 OK\r\n", b""]
)
def test_what_is_no_status_line_is_left_as_it_is(line: bytes) -> None:
    assert status_line(line) == line
