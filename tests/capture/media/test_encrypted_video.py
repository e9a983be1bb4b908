"""Video over TLS: no login goes to a server whose certificate is not trusted, whoever reads the stream."""

import hashlib
import ssl
import subprocess
from pathlib import Path

import pytest

from capture.media.av_stream import AvStream
from capture.media.frame_encoder import FrameEncoder
from capture.media.tls import CameraTls
from capture.media.url import MediaUrl
from capture.source import SourceError
from capture.sources.media import MediaOptions, MediaSource
from framebus.config.size import Size
from framebus.config.tls_fingerprint import TlsFingerprint
from tests.capture.media import clips
from tests.capture.media.clips import COLOURS, colour
from tests.capture.media.mjpeg_camera import Call, IpCamera, ok
from tests.capture.media.rtsp_camera import RtspCamera
from tests.capture.media.watching import LOGIN, draining, pictures
from tests.processes import wait_until
from tests.programs import need

SIZE = Size(320, 240)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    certificate = tmp_path / "cert.pem"
    options = "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=camera -addext subjectAltName=IP:127.0.0.1"
    command = [need("openssl"), "req", *options.split(), "-keyout", str(tmp_path / "key.pem"), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return context


@pytest.fixture
def transport_stream(tmp_path: Path) -> bytes:
    return clips.of_colours(tmp_path / "clip.ts", "libx264", COLOURS * 10, size=(320, 240)).read_bytes()


@pytest.mark.slow
def test_ffmpeg_verifies_the_certificate_itself(
    context: ssl.SSLContext, certificate: Path, transport_stream: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only framebus' own request ahead of it, which is another connection."""

    def answer(call: Call) -> None:
        call.send(ok("video/mp2t", transport_stream))
        call.keep()

    with IpCamera(answer, context) as server:
        url = MediaUrl.parse(server.url(scheme="https", login=LOGIN))

        def stream(tls: CameraTls) -> AvStream:
            return AvStream(url, "camera", FrameEncoder(SIZE, 80), 5.0, content_type="video/mp2t", tls=tls)

        with pytest.raises(SourceError):
            stream(CameraTls()).open()
        assert server.calls == []
        for tls, trusted in ((CameraTls(verify=False), ""), (CameraTls(), str(certificate))):
            monkeypatch.setenv("SSL_CERT_FILE", trusted or "/nowhere")
            trusting = stream(tls)
            trusting.open()
            trusting.close()
        assert server.calls


@pytest.mark.slow
@pytest.mark.parametrize("by", ["authority", "fingerprint", "no check"])
def test_rtsps(
    by: str, context: ssl.SSLContext, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
    clip = clips.of_colours(tmp_path / "one.h264", "libx264", COLOURS[:1], size=(320, 240))
    with RtspCamera(clip, login=LOGIN, tls=context) as camera:
        url = camera.url(LOGIN).replace("rtsp:", "rtsps:")
        untrusted = MediaSource(url, SIZE, 30, 80)
        with pytest.raises(SourceError, match=f"certificate is not trusted .*sha256:{digits}"):
            untrusted.open()
        untrusted.close()
        assert camera.requests == []
        tls = {
            "authority": CameraTls(),
            "fingerprint": CameraTls(fingerprint=TlsFingerprint(digits)),
            "no check": CameraTls(verify=False),
        }[by]
        if by == "authority":
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        source = MediaSource(url, SIZE, 30, 80, options=MediaOptions(tls=tls))
        source.open()
        assert colour(next(pictures(source)).jpeg) == COLOURS[0]
        source.close()
    wait_until(lambda: not draining(), "the thread to end")
