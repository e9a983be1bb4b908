from gateway.delivery import mjpeg


def test_the_head_is_that_of_an_endless_answer_with_a_leading_boundary() -> None:
    assert mjpeg.STREAM_HEAD == (
        b"HTTP/1.1 200 OK\r\n"
        b"Content-Type: multipart/x-mixed-replace;boundary=boundarydonotcross\r\n"
        b"Connection: close\r\n"
        b"Cache-Control: no-store, no-cache, must-revalidate, max-age=0, no-transform\r\n"
        b"Pragma: no-cache\r\n"
        b"Expires: Mon, 3 Jan 2000 12:34:56 GMT\r\n"
        b"X-Accel-Buffering: no\r\n"
        b"\r\n"
        b"--boundarydonotcross\r\n"
    )


def test_a_part_ends_with_the_next_boundary() -> None:
    assert mjpeg.part(b"JPEG", 1795220165.4599) == (
        b"Content-Type: image/jpeg\r\nContent-Length: 4\r\nX-Timestamp: 1795220165.459900\r\n\r\n"
        b"JPEG\r\n--boundarydonotcross\r\n"
    )


def test_more_headers_come_behind_those_of_every_stream() -> None:
    head = mjpeg.STREAM_HEAD.removesuffix(b"\r\n--boundarydonotcross\r\n")
    more = {"X-Camera": "front", "X-Other": "1"}
    assert mjpeg.stream_head(more) == (head + b"X-Camera: front\r\nX-Other: 1\r\n\r\n--boundarydonotcross\r\n")
