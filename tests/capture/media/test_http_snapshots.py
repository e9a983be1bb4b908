"""Cameras over HTTP that answer with one picture: recognized by its first bytes, requested again and again, checked."""

import io
import time
from itertools import count

import pytest

from capture.rate_control import RateControl
from capture.source import SourceError
from capture.sources.media import MediaOptions
from tests.capture import jpegs
from tests.capture.media.mjpeg_camera import (
    Answer,
    Call,
    Framing,
    IpCamera,
    Multipart,
    ok,
    refusing,
    saying,
    snapshots,
)
from tests.capture.media.watching import PICTURES, SHORT, every_frame, failure, opened, picture
from tests.processes import wait_until

pytestmark = pytest.mark.usefixtures("proxy_without_server")


def test_a_url_of_one_picture_is_asked_for_each_that_is_wanted() -> None:
    with IpCamera(snapshots(*PICTURES)) as server, opened(server.url()) as source:
        rate_control = every_frame()
        assert [picture(source, rate_control).jpeg for _ in PICTURES] == PICTURES
        assert len(server.calls) == len(PICTURES)
        assert source.read(RateControl(0), 1) is None
        assert len(server.calls) == len(PICTURES)


@pytest.mark.slow
def test_a_snapshot_that_was_cut_off_is_counted_and_asked_for_again() -> None:
    with IpCamera(snapshots(PICTURES[0], PICTURES[1][:-50], PICTURES[2])) as server, opened(server.url()) as source:
        rate_control = every_frame()
        assert [picture(source, rate_control).jpeg for _ in range(2)] == [PICTURES[0], PICTURES[2]]
        source.read(RateControl(0), 1)
        assert source.damaged == 1


@pytest.mark.slow
def test_snapshots_that_stay_empty_are_a_failure() -> None:
    with IpCamera(snapshots(PICTURES[0], b"")) as server:
        assert failure(server.url(), SHORT) == (
            f"{server.url()}: sends data, but for 0.4 seconds no JPEG; check the path in the URL"
        )


def test_a_snapshot_that_becomes_something_else_is_a_failure() -> None:
    answers = iter([saying(ok("image/jpeg", PICTURES[0])), saying(ok("text/html", b"<p>login</p>"))])
    with IpCamera(lambda call: next(answers)(call)) as server:
        assert failure(server.url()) == f"{server.url()}: answers text/html, no video; check the path in the URL"


LABELS = [
    "application/octet-stream",
    "",
    "image/*",
    "image/mjpeg",
    "text/plain",
    "text/html",
    "video/x-motion-jpeg",
    "jpeg",
    "image/jpeg",
]
labels = pytest.mark.parametrize("label", LABELS)


@labels
def test_a_snapshot_is_known_by_its_first_bytes(label: str) -> None:
    numbers = count()
    with IpCamera(lambda call: call.send(ok(label, PICTURES[min(next(numbers), 3)]))) as server:
        with opened(server.url()) as source:
            assert [picture(source, every_frame()).jpeg for _ in range(4)] == PICTURES[:4]
        assert len(server.calls) == 4


@labels
@pytest.mark.parametrize("framing", [Framing(), Framing(content_length=False), Framing(delimiter_with_picture=False)])
def test_a_stream_of_parts_is_known_by_its_first_bytes(label: str, framing: Framing) -> None:
    camera = Multipart(framing, PICTURES[-1], content_type=label)
    with IpCamera(camera) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[-1]
        for shown in PICTURES:
            camera.show(shown)
            assert picture(source, every_frame()).jpeg == shown


@pytest.mark.slow
@labels
def test_pictures_end_to_end_are_a_stream(label: str) -> None:
    def answer(call: Call) -> None:
        call.send(ok(label, b"".join(PICTURES)))
        call.keep()

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg in PICTURES
        wait_until(lambda: source.read(every_frame(), 1) is None, "all pictures to be read")
        assert len(server.calls) == 1


@pytest.mark.parametrize("with_length", [False, True])
def test_of_two_pictures_in_a_snapshot_the_first_one_counts(with_length: bool) -> None:
    index = jpegs.segment(0xE2, b"MPF\0MM\0\x2a\0\0\0\x08")
    shown = [jpegs.after_soi(one, index) for one in PICTURES]
    gain_map = jpegs.jpeg((16, 16))
    numbers = count()

    def answer(call: Call) -> None:
        data = shown[min(next(numbers), len(shown) - 1)] + gain_map
        call.send(ok("image/jpeg", data, f"Content-Length: {len(data)}" if with_length else ""))

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in shown] == shown


@pytest.mark.parametrize("tail", [b"", b"\0\0"])
def test_snapshots_without_an_end_of_image_get_one(tail: bytes) -> None:
    bare = [one[:-2] + tail for one in PICTURES]
    with IpCamera(snapshots(*bare)) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in PICTURES] == PICTURES


@pytest.mark.slow
def test_a_snapshot_that_ends_before_its_length_is_damaged() -> None:
    answers = iter([saying(ok("image/jpeg", PICTURES[0][:-2], f"Content-Length: {len(PICTURES[0])}"))])
    good = snapshots(PICTURES[1])
    with IpCamera(lambda call: next(answers, good)(call)) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[1]
        assert source.damaged == 1


@pytest.mark.slow
def test_a_snapshot_whose_connection_stays_open_is_asked_for_again() -> None:
    def answer(call: Call) -> None:
        call.send(ok("image/jpeg", PICTURES[0]))
        call.keep()

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in range(2)] == PICTURES[:1] * 2


@pytest.mark.parametrize("content_type", ["right", "image/jpeg", "application/octet-stream", "text/plain", ""])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP"])
def test_a_still_of_another_kind_becomes_a_jpeg(kind: str, content_type: str) -> None:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg((80, 60))).save(file, kind)
    said = f"image/{kind.lower()}" if content_type == "right" else content_type
    with IpCamera(saying(ok(said, file.getvalue()))) as server, opened(server.url()) as source:
        asked = time.monotonic()
        found = [picture(source, every_frame()) for _ in range(2)]
        assert [jpegs.opened(one.jpeg).size for one in found] == [(80, 60)] * 2
        assert found[1].monotonic >= asked
        assert source.damaged == 0


@pytest.mark.medium
def test_a_still_of_another_kind_that_is_cut_off_is_counted() -> None:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg((80, 60))).save(file, "PNG")
    patience = 2.0  # on a busy machine, the first import of a decoder takes longer than SHORT
    with IpCamera(saying(ok("image/png", file.getvalue()[:200]))) as server, opened(server.url(), patience) as source:
        with pytest.raises(SourceError, match=r"sends data, but for 2 seconds no JPEG; check the path in the URL$"):
            picture(source, every_frame())
        assert source.damaged > 0


def test_a_still_may_have_as_many_pixels_as_configured() -> None:
    file = io.BytesIO()
    jpegs.opened(jpegs.jpeg((400, 300))).save(file, "PNG")
    with IpCamera(saying(ok("image/png", file.getvalue()))) as server:
        assert failure(server.url(), options=MediaOptions(max_megapixels=0.1)) == (
            f"{server.url()}: 400x300 are 0.1 megapixels, allowed: at most 0.1 (max_megapixels of this camera)"
        )


@pytest.mark.parametrize("status", ["201 Created", "203 Non-Authoritative Information", "206 Partial Content"])
def test_a_picture_with_another_success_is_shown(status: str) -> None:
    answer = ok("image/jpeg", PICTURES[0]).replace(b"200 OK", status.encode())
    with IpCamera(saying(answer)) as server, opened(server.url()) as source:
        assert picture(source, every_frame()).jpeg == PICTURES[0]


@pytest.mark.parametrize("fault", [refusing("503 Busy"), refusing("500 Oops"), saying(b"")])
def test_a_snapshot_camera_that_fails_once_is_asked_again(fault: Answer) -> None:
    good = snapshots(*PICTURES)
    numbers = count(1)

    def answer(call: Call) -> None:
        (good if next(numbers) % 3 else fault)(call)

    with IpCamera(answer) as server, opened(server.url()) as source:
        assert [picture(source, every_frame()).jpeg for _ in PICTURES] == PICTURES


def test_a_still_that_the_server_gives_again_with_its_time_is_no_new_one() -> None:
    numbers = count()
    stills = [(PICTURES[0], 1), (PICTURES[0], 1), (PICTURES[0], 2), (PICTURES[1], 3)]

    def answer(call: Call) -> None:
        body, second = stills[min(next(numbers), 3)]
        call.send(ok("image/jpeg", body, f"Content-Length: {len(body)}", f"X-Timestamp: {second}.000000"))

    with IpCamera(answer) as server, opened(server.url()) as source:
        found = [picture(source, every_frame()).jpeg for _ in range(3)]
        assert found == [PICTURES[0], PICTURES[0], PICTURES[1]]
        assert len(server.calls) == 4
