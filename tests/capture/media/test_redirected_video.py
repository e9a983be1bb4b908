"""Video that FFmpeg reads: the login of a camera follows no redirect to another address."""

from contextlib import closing
from pathlib import Path

import pytest

from capture.media.av_stream import AvStream
from capture.media.frame_encoder import FrameEncoder
from capture.media.latest_reader import LatestReader
from capture.media.url import MediaUrl
from capture.source import SourceError
from framebus.config.size import Size
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.mjpeg_camera import IpCamera, refusing
from tests.capture.media.rtsp_camera import RtspCamera
from tests.capture.media.watching import LOGIN
from tests.processes import DEADLINE_SECONDS

SIZE = Size(320, 240)
CHALLENGES = {"Basic": 'Basic realm="camera"', "Digest": 'Digest realm="camera", nonce="n"'}


@pytest.fixture
def h264(tmp_path: Path) -> Path:
    return clips.of_colours(tmp_path / "one.h264", "libx264", COLOURS[:1], size=(320, 240))


def stream(url: str) -> AvStream:
    return AvStream(MediaUrl.parse(url), "camera", FrameEncoder(SIZE, 80), DEADLINE_SECONDS)


@pytest.mark.parametrize("kind", CHALLENGES)
@pytest.mark.parametrize("is_known", [False, True], ids=["before the login", "after the login"])
def test_no_login_follows_a_redirect_of_rtsp(kind: str, is_known: bool, h264: Path) -> None:
    """FFmpeg itself sends it."""
    challenge = f"401 Unauthorized\r\nWWW-Authenticate: {CHALLENGES[kind]}"
    with RtspCamera(h264, refusal=challenge) as elsewhere:
        redirect = f"302 Found\r\nLocation: rtsp://127.0.0.1:{elsewhere.port}/x"
        with Redirecting(h264, redirect, challenge if is_known else "") as camera:
            with closing(stream(camera.url(LOGIN))) as opening, pytest.raises(SourceError) as said:
                opening.open()
            assert any("Authorization" in request for request in camera.requests) == is_known
        assert elsewhere.requests == []
    assert str(said.value) == (
        "camera: redirects to another address; write that address into `source`, as a login is not sent there"
    )


def test_a_camera_with_a_login_that_does_not_redirect_is_read(tmp_path: Path) -> None:
    clip = clips.of_colours(tmp_path / "long.h264", "libx264", COLOURS * 15, size=(320, 240))  # FFmpeg analyses 1 s
    with RtspCamera(clip, login=LOGIN) as camera, closing(stream(camera.url(LOGIN))) as opening:
        opening.open()
        picture = next(opening.arrivals(LatestReader(opening, "it ended")))
        assert colour(picture.jpeg()) == COLOURS[0]


@pytest.mark.parametrize("kind", CHALLENGES)
def test_no_login_follows_a_redirect_of_http(kind: str) -> None:
    challenge = ("401 Unauthorized", f"WWW-Authenticate: {CHALLENGES[kind]}")
    with (
        IpCamera(refusing(*challenge)) as elsewhere,
        IpCamera(refusing("302 Found", f"Location: {elsewhere.url()}")) as camera,
    ):
        with closing(stream(camera.url(login=LOGIN))) as opening, pytest.raises(SourceError):
            opening.open()
        assert elsewhere.calls
        assert [call.header("Authorization") for call in elsewhere.calls] == [""] * len(elsewhere.calls)


class Redirecting(RtspCamera):
    """Asks for a login first if there is a challenge, and then redirects."""

    def __init__(self, clip: Path, redirect: str, challenge: str) -> None:
        super().__init__(clip, refusal=redirect)
        self._challenge = challenge

    def _answer(self, request: str) -> bytes:
        before = self._refusal
        if self._challenge and "Authorization" not in request:
            self._refusal = self._challenge
        try:
            return super()._answer(request)
        finally:
            self._refusal = before
